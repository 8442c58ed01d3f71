"""Pipeline tracking: executions, watermarks and lineage, by SDK, command line, dbt artifacts."""
