"""Artifacts of dbt: entries that are damaged, what a status means, and rows of the landing tables."""
