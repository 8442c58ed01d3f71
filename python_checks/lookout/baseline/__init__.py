"""Learned baselines: the normal range of every series, and the distance of each bucket from it."""
