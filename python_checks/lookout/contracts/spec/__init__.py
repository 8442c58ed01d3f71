"""What a contract says: declared in dbt YAML, read into plain values."""
