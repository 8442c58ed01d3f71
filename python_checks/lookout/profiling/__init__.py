"""Measure watched tables: one aggregate query a table, every metric of every closed bucket."""
