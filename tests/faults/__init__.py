"""The fault matrix: what breaks, in which phase of a run, and what must hold then. ``matrix.py`` has its rows."""
