"""The files, folders, users and processes of a PostgreSQL cluster on this machine."""
