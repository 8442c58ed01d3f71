"""Outcome of looking at one table, and its row in ``collection_results``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from lookout.engines.catalog import Status
from lookout.profiling.query import OBSERVATION_COLUMNS, Floats
from lookout.project.declarations.monitor import Monitor

# The columns of ``collection_results`` about the arrival of rows.
STANDING = (
    "due_until", "arrived_until", "usual_delay_seconds", "late_since", "new_rows", "undated_share",
    "usual_undated_share", "undated_since",
)  # fmt: skip


@dataclass(frozen=True)
class CollectionOutcome:
    """Outcome of one table. ``observations`` has OBSERVATION_COLUMNS and is empty when nothing could be measured.

    ``watermark`` is None unless all of the table was evaluated, so that the next run reads again what is missing now.
    ``unmeasured`` are the series that could not be measured of a table that was read; None when it was not.
    ``undated_rows`` are all of its rows that have no timestamp. ``counts`` are the rows of its buckets, as in
    :class:`TableProfile`, up to ``closed_until`` of closed ones; ``standing`` has what was found out about their
    arrival, by column of the landing table.
    """

    monitor: Monitor
    status: Status
    message: str = ""
    observations: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(OBSERVATION_COLUMNS)))
    first_bucket: datetime | None = None
    latest_at: datetime | None = None
    profiled_from: datetime | None = None
    watermark: datetime | None = None
    rows_profiled: int | None = None
    future_rows: int | None = None
    undated_rows: int | None = None
    unmeasured: tuple[str, ...] | None = None
    duration_seconds: float | None = None
    counts: Floats | None = None
    closed_until: datetime | None = None
    attempts: int = 0
    standing: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_evaluated(self) -> bool:
        """Return whether the table was read, though some of its metrics may have failed."""
        return self.status in ("ok", "empty") or self.unmeasured is not None

    @property
    def connection(self) -> str:
        """Return the name of the profiles.yml output."""
        return self.monitor.connection

    @property
    def asset(self) -> str:
        """Return the watched table, ``schema.table``."""
        return self.monitor.asset

    def result_row(self, as_of: datetime, run_id: str) -> pd.DataFrame:
        """Return this outcome as one row of the landing table ``collection_results``."""
        names = ("status", "message", "latest_at", "profiled_from", "watermark", "attempts", "duration_seconds")
        counts = ("rows_profiled", "future_rows", "undated_rows")
        row = {"connection": self.connection, "asset": self.asset, "as_of": as_of}
        row |= {name: getattr(self, name) for name in (*names, *counts)}
        row |= {"owner": self.monitor.owner, "layer": self.monitor.layer, "run_id": run_id}
        row |= {"timestamp_column": self.monitor.timestamp_column, **dict.fromkeys(STANDING), **self.standing}
        row["unmeasured_series"] = None if self.unmeasured is None else " ".join(self.unmeasured)
        numbers = ("duration_seconds", "usual_delay_seconds", "undated_share", "usual_undated_share")
        types = {**dict.fromkeys((*counts, "new_rows"), "Int64"), **dict.fromkeys(numbers, "float64")}
        times = ("latest_at", "profiled_from", "watermark", *(name for name in STANDING if name not in types))
        frame = pd.DataFrame([row]).astype(types)
        return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in times})
