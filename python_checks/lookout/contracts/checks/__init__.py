"""Contract checks: a contract held against the columns, types, keys and values of its table."""
