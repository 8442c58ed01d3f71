"""Learning: which series have to be judged, judged with the exclusions in force, written to ``baselines``."""
