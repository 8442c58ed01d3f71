"""Contracts between teams: rules that a project declares for its tables, and checks of the tables against them."""
