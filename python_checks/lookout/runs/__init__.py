"""The use cases: run and its parts, learning, backtests."""
