"""LearningResult baselines: what is normal for every series, and how far each bucket is from it."""
