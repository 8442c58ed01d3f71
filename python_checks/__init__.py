"""Lookout: data observability for dbt and PostgreSQL."""

__version__ = "0.1.0"
