"""Build what a pull request changes beside its base, and say what that does to whom."""
