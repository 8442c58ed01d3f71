"""Learned baselines: what is normal for every series, and how far each bucket is from it."""

from python_checks.baseline.judge import COLUMNS, judge
from python_checks.baseline.settings import CRITICAL_SCORE, LOOKBACK, WARN_SCORE, lookback

__all__ = ["COLUMNS", "CRITICAL_SCORE", "LOOKBACK", "WARN_SCORE", "judge", "lookback"]
