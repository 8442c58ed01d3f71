"""Synthetic and real data for trying Lookout out: reproducible from a seed."""
