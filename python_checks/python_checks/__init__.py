"""The package's name before it was ``lookout``; only ``python_checks.track`` is left of it."""
