"""Rules for anomalies that a distance from an expectation misses: missing, stuck, changed constant, slow drift.

`folding` and `youth` are about series that the method has to be adapted to: parts of an hour, and two days of history.

Matrices are series (rows) by judged buckets (columns, from ``Panel.start`` on); a score of 0 means that the rule has
nothing to say. Constants and their sources are in docs/detector.md.
"""
