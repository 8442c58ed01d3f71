"""The data of the page: that of the Markdown reports, and what only the page shows."""

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
from lookout.render.points import Window, read_points, windows
from lookout.report.data import ReportData
from lookout.report.page.queries import QUESTIONS

Row = dict[str, Any]
MUTES = "alert_mutes"


@dataclass(frozen=True)
class PageData:
    """``lacking`` tells for each part of the page which tables it lacks; such a part is not evaluated, never empty.

    ``trend`` has earlier scores by scope and name of the scorecard, as clock in ISO 8601 and score, the oldest first.
    """

    report: ReportData
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stretches: Sequence[Window] = ()
    points: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 7)))
    mutes: Sequence[Mute] = ()
    trend: Mapping[tuple[str, str], Sequence[tuple[str, float]]] = field(default_factory=dict)

    def rows(self, name: str) -> list[Row]:
        """Rows of one frame, of the page's own or of the Markdown reports', in which what is missing is None."""
        if name in self.frames:
            return records(self.frames[name])
        return self.report.rows(name)


def read_page(store: Store, report: ReportData) -> PageData:
    """Ask what the Markdown reports did not ask. Raises SourceError when the monitoring schema cannot be read."""
    if report.missing:
        return PageData(report)
    asked_of = {table for question in QUESTIONS.values() for table in question.tables}
    missing = set(store.missing_tables(sorted({MUTES, *asked_of})))
    lacking: dict[str, tuple[str, ...]] = {"mutes": (MUTES,)} if MUTES in missing else {}
    frames: dict[str, pd.DataFrame] = {}
    for name, question in QUESTIONS.items():
        lacks = missing.intersection(question.tables)
        if lacks:
            lacking[question.part] = tuple(sorted(lacks.union(lacking.get(question.part, ()))))
        else:
            statement = question.text
            # A doubled per cent sign is for statements with a parameter only.
            asked = (report.clock,) if "%s" in statement else None
            frames[name] = store.query(statement if asked else statement.replace("%%", "%"), asked)
    stretches = windows(records(frames["alerts"]), report.rows("series"), report.clock)
    # People mute and acknowledge after a run, so it is the report's own clock that counts here.
    mutes = () if MUTES in missing else read_mutes(store, report.as_of)
    return PageData(report, frames, lacking, stretches, read_points(store, stretches), mutes)
