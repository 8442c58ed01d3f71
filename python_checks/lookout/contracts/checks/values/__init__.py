"""Checks of the rules about values: all rules of a contract in one statement a table."""
