"""Scales on which values are judged, and the spread of errors on them."""
