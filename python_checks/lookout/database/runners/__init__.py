"""Processes that run Lookout: which one may write, and which are gone."""
