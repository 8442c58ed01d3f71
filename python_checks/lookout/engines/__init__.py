"""Read-only access to the watched databases: session, retries, catalog and SQL dialect."""
