"""dbt's own runs as executions, from live events, artifacts and dbt.log."""
