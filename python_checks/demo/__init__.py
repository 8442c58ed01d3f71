"""Synthetic data for trying Lookout out: reproducible from a seed, so that a demo and a test see the same numbers."""
