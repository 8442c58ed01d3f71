"""Backtests: the alerts that a history would have raised, from files or from stored observations."""
