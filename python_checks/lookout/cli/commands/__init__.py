"""The console commands by subject."""
