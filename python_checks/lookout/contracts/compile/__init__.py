"""Compilation of contracts: their rules about rows as one file of SQL that dbt includes."""
