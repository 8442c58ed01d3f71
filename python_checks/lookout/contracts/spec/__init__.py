"""Contracts: declared in dbt YAML, read into plain values."""
