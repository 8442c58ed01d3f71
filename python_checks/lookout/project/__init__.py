"""dbt's files in, plain values out: the workspace, artifacts, profiles and declarations."""
