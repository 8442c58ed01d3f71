"""Rules for anomalies that a distance from an expectation misses: missing, stuck, changed constant, slow drift.

Matrices are series (rows) by judged buckets (columns, from ``Panel.start`` on); a score of 0 means that the rule has
nothing to say. Constants and their sources are in docs/detector.md.
"""
