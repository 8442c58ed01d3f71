"""What a manifest declares under ``meta.lookout``: monitors, metrics and their settings."""
