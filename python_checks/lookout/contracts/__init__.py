"""Contracts between teams: what the project promises about its tables, and what the tables keep of it."""
