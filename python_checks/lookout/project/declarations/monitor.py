"""Monitors and metrics: plain values, read from configuration for profiling and learning."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from lookout.plain import plain_name
from lookout.project.declarations.grain import UTC, BucketClock, Grain

Kind = Literal["count", "rate", "positive", "real"]
Method = Literal["learned", "zscore"]
Direction = Literal["both", "up", "down"]
Severity = Literal["warning", "critical"]


def series_key(connection: str, asset: str, column_name: str, metric: str, grain: str) -> str:
    """Return the identity of one series of observations: 32 hex digits, the same on every machine and in every run."""
    identity = json.dumps([connection, asset, column_name, metric, grain], ensure_ascii=False)
    return hashlib.md5(identity.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Metric:
    """One number per bucket of one asset.

    ``column_name`` is empty for metrics of the whole table. ``expression`` is a SQL aggregate for metrics that people
    define themselves and None for the built-in ones. Scores are in units of the method's scale; limits and the
    minimum changes are in the metric's own unit (``min_relative_change``: 0.1 is ten per cent). ``dimensions`` are
    columns that an anomaly is broken down by.
    """

    name: str
    kind: Kind
    column_name: str = ""
    expression: str | None = None
    method: Method = "learned"
    direction: Direction = "both"
    warn_score: float | None = None
    critical_score: float | None = None
    alert_from: Severity | None = None
    lower_limit: float | None = None
    upper_limit: float | None = None
    min_absolute_change: float | None = None
    min_relative_change: float | None = None
    window: int | None = None
    min_sample_size: int | None = None
    description: str = ""
    dimensions: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the metric as people write it, ``mean of amount``."""
        return f"{self.name} of {self.column_name}" if self.column_name else self.name


@dataclass(frozen=True)
class Monitor:
    """One watched table. ``late_window`` is how far back a run looks again for rows that arrived late.

    ``delay`` is how long after its end a bucket is complete; None leaves that to be learned.

    ``warn_after`` and ``error_after`` are fixed freshness limits, judged at the run's clock; None leaves freshness to
    the learned baseline at the end of each bucket. ``dimensions`` are those of every metric that names none of its own.
    ``time_zone`` is that of its days and hours, and of a timestamp column without one.
    ``holidays`` are countries like US and DE-BY, whose public holidays are judged by their earlier occurrences.
    ``problem`` is a sentence when the table cannot be evaluated as it is declared: then nobody asks its database.
    """

    connection: str
    schema: str
    table: str
    timestamp_column: str
    grain: Grain
    metrics: tuple[Metric, ...]
    node_id: str = ""
    file: str = ""
    owner: str = ""
    layer: str = ""
    description: str = ""
    row_filter: str | None = None
    late_window: timedelta = timedelta(days=3)
    history: timedelta = timedelta(days=400)
    delay: timedelta | None = None
    warn_after: timedelta | None = None
    error_after: timedelta | None = None
    is_model: bool = False
    dimensions: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    problem: str = ""
    time_zone: str = UTC

    @property
    def clock(self) -> BucketClock:
        """Return where the table's buckets begin and end."""
        return BucketClock(self.grain, self.time_zone)

    @property
    def asset(self) -> str:
        """Return the name of the table as people write it, ``schema.table``."""
        return plain_name(f"{self.schema}.{self.table}")

    def key_of(self, metric: Metric) -> str:
        """Return the series key of one of this monitor's metrics."""
        return series_key(self.connection, self.asset, metric.column_name, metric.name, self.grain)
