"""Backtests: which alerts a history would have given, from files or from what is stored."""
