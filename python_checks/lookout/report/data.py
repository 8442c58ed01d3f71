"""Data of the reports: frames of small results, read at one clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pandas as pd

from lookout.database.store import Store, records
from lookout.report.queries import QUERIES, TABLES

COMPONENTS = ("Platform reliability", "Batch layer", "CDC layer", "Contract compliance")


@dataclass(frozen=True)
class ReportData:
    """Everything that the reports show.

    ``as_of`` is the clock of the report, ``clock`` the one its figures were derived at; they differ when a report is
    written later than the run. ``frames`` holds one frame per name in ``queries.QUERIES``; a missing name means no
    rows. ``missing`` lists the tables of the monitoring schema that do not exist.
    """

    as_of: datetime
    clock: datetime
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of one frame as dicts in which every kind of missing value is None."""
        return records(self.frames.get(name, pd.DataFrame()))


def read(store: Store, as_of: datetime) -> ReportData:
    """Run every query, at the clock of the stored scorecard, so that all figures agree with it.

    Raises SourceError when the monitoring schema cannot be read.
    """
    as_of = as_of.astimezone(timezone.utc)
    missing = tuple(store.missing_tables(TABLES))
    if missing:
        return ReportData(as_of, as_of, missing=missing)
    scorecard = store.query(QUERIES["scorecard"])
    clock = as_of if scorecard.empty else scorecard["as_of"].iloc[0].to_pydatetime().astimezone(timezone.utc)
    frames = {name: store.query(text, (clock,) if "%s" in text else None) for name, text in QUERIES.items()}
    return ReportData(as_of, clock, frames)
