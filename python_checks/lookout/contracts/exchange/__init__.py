"""Contracts in and out: suggestions, dbt YAML, the Open Data Contract Standard."""
