"""Contract checks: a contract compared with the columns, types, keys and values of its table."""
