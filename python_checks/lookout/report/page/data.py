"""Data of the page: that of the Markdown reports, and the rows that only the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lookout.alerts.model import Mute
from lookout.alerts.store import read_mutes
from lookout.database.store import Store, records
from lookout.render.points import Window, chart_windows, read_points
from lookout.report.data import ReportData
from lookout.report.page.queries import QUERIES

Row = dict[str, Any]
MUTES = "alert_mutes"


@dataclass(frozen=True)
class PageData:
    """Everything that the page shows.

    ``lacking`` has the missing tables of each part of the page; such a part is not evaluated, never empty. ``frames``
    are the results of the page's own queries, ``report`` the data of the Markdown reports. ``points`` are the points of
    the charts, in the rows of `render.points.read_points`, of the ``windows`` of series.

    ``trend`` has earlier scores by scope and name of the scorecard, as clock in ISO 8601 and score, the oldest first.
    """

    report: ReportData
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    windows: Sequence[Window] = ()
    points: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 7)))
    mutes: Sequence[Mute] = ()
    trend: Mapping[tuple[str, str], Sequence[tuple[str, float]]] = field(default_factory=dict)

    def rows(self, name: str) -> list[Row]:
        """Return the rows of one frame, of the page or of the Markdown reports, with None for every missing value."""
        if name in self.frames:
            return records(self.frames[name])
        return self.report.rows(name)


def read_page(store: Store, report: ReportData) -> PageData:
    """Run the queries that only the page needs, at the clock of the report.

    Raises SourceError when the monitoring schema cannot be read.
    """
    if report.missing:
        return PageData(report)
    tables = {table for query in QUERIES.values() for table in query.tables}
    missing = set(store.missing_tables(sorted({MUTES, *tables})))
    lacking: dict[str, tuple[str, ...]] = {"mutes": (MUTES,)} if MUTES in missing else {}
    frames: dict[str, pd.DataFrame] = {}
    for name, query in QUERIES.items():
        missing_here = missing.intersection(query.tables)
        if missing_here:
            lacking[query.part] = tuple(sorted(missing_here.union(lacking.get(query.part, ()))))
        elif "%s" in query.text:
            frames[name] = store.query(query.text, (report.clock,))
        else:
            # Without parameters the driver leaves a doubled per cent sign as it is.
            frames[name] = store.query(query.text.replace("%%", "%"), None)
    windows = chart_windows(records(frames["alerts"]), report.rows("series"), report.clock)
    # People mute and acknowledge after a run, so mutes are read at the clock of the report, not of its figures.
    mutes = () if MUTES in missing else read_mutes(store, report.as_of)
    return PageData(report, frames, lacking, windows, read_points(store, windows), mutes)
