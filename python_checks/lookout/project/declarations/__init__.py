"""Declarations in a manifest under ``meta.lookout``: monitors, metrics and their settings."""
