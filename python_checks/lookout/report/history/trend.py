"""Trend of scores, from the small summaries that report runs keep."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from lookout.errors import ConfigError
from lookout.report.history.summaries import read_summary, summaries

logger = logging.getLogger(__name__)
MOST_DAYS = 90
# By scope and name of the scorecard: clock (ISO 8601 with a zone) and score out of 100, the oldest first.
Trend = dict[tuple[str, str], list[tuple[str, float]]]


def read_trend(folder: Path, *, before: datetime) -> Trend:
    """Return the scores of the last summary of each of the 90 newest days before ``before``; bad files are left out."""
    newest_of_day: dict[str, Path] = {path.name[:10]: path for path in summaries(folder, before=before)}
    trend: Trend = {}
    for day in sorted(newest_of_day)[-MOST_DAYS:]:
        try:
            summary = read_summary(newest_of_day[day])
        except ConfigError as error:
            logger.warning("the trend goes without %s: %s", newest_of_day[day].name, error)
            continue
        for row in summary["scorecard"]:
            if row["score"] is not None:
                trend.setdefault((row["scope"], row["name"]), []).append((summary["clock"], float(row["score"])))
    return trend
