"""One aggregate query per table for every metric of every closed bucket, and observations from its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from psycopg2 import sql

from lookout.engines.catalog import Relation
from lookout.profiling.buckets import as_stamp, in_utc, number_of_bucket
from lookout.project.declarations.grain import EPOCH, SECOND
from lookout.project.declarations.monitor import Metric, Monitor

OBSERVATION_COLUMNS = (
    "series_key", "connection", "asset", "column_name", "metric", "kind", "grain", "bucket_start", "value",
)  # fmt: skip
Floats = npt.NDArray[np.float64]

# A finite number from a column of each type; 1 is true, an interval counts in seconds. float8 is what makes aggregates
# over numeric columns fast. One row with NaN, Infinity or a number beyond float8 must not hide all others.
FINITE = "case when {number} between '-1e308' and '1e308' then {number}::float8 end"
NUMBER = {
    "money": "{column}::numeric::float8",
    "bool": "{column}::int::float8",
    "interval": FINITE.replace("{number}", "date_part('epoch', {column})"),
    "numeric": FINITE.replace("{number}", "{column}"),
    **dict.fromkeys(("float4", "float8"), FINITE.replace("{number}", "{column}::float8")),
}
# Values that loaders write where a time is missing.
PLACEHOLDERS = ("-infinity", "0001-01-01 00:00+00", "1900-01-01 00:00+00", "1970-01-01 00:00+00")
NO_NUMBER = sql.SQL("null")
FREE = ("row_count", "freshness")  # metrics that every query measures
AGGREGATES = {
    "null_rate": "(count(*) - count({column}))::float8 / count(*)",
    "zero_rate": "(count(*) filter (where {number} = 0))::float8 / count(*)",
    "negative_rate": "(count(*) filter (where {number} < 0))::float8 / count(*)",
    "distinct_count": "count(distinct {column})::float8",
    "mean": "avg({number})",
    "min": "min({number})",
    "max": "max({number})",
    "sum": "sum({number})",
    "stddev": "stddev_samp({number})",
}


@dataclass(frozen=True)
class ProfileRequest:
    """One table to profile from ``since`` on.

    ``first_bucket`` is the start of the table's oldest stored bucket and ``latest_at`` the newest timestamp seen so
    far; both are None for a table that has not been profiled yet.
    """

    monitor: Monitor
    since: datetime
    first_bucket: datetime | None = None
    latest_at: datetime | None = None


@dataclass(frozen=True)
class ProfilePlan:
    """The query of one request and the metrics it measures, in the order of its columns.

    ``doubtful`` are the columns whose values may be no finite number: their counts come between the first four columns
    and the metrics.
    """

    request: ProfileRequest
    query: sql.Composed
    metrics: tuple[Metric, ...]
    doubtful: tuple[str, ...]
    since: datetime
    until: datetime
    as_of: datetime
    type_: str = "timestamptz"


@dataclass(frozen=True)
class TableProfile:
    """Result of one query. ``observations`` has OBSERVATION_COLUMNS; a null value is NaN.

    ``undated_rows`` are all rows of the table without a timestamp, or with one that only stands for none;
    ``not_finite`` are the values left out of the numbers of each column, where there are any. ``counts`` has a row for
    each bucket with rows, in order, the one that is not over included: its start, its rows, its newest timestamp.
    """

    observations: pd.DataFrame
    first_bucket: datetime | None
    latest_at: datetime | None
    rows_profiled: int
    future_rows: int
    undated_rows: int
    not_finite: Mapping[str, int]
    counts: Floats


def plan_profile(
    request: ProfileRequest, relation: Relation, metrics: Sequence[Metric], as_of: datetime
) -> ProfilePlan:
    """Build the query for those of the monitor's metrics that ``relation`` allows.

    Each row it returns is one bucket: its number (see :class:`BucketClock`), rows, newest timestamp not after ``as_of``
    in seconds since 1970 as the column shows it, rows after ``as_of``, then one number per doubtful column and metric.
    Everything after the newest closed bucket is one last row, and rows without a time are a row whose number is null,
    so the newest timestamp and rows outside of every bucket cost no query of their own.
    """
    monitor = request.monitor
    until = monitor.clock.floor(as_of)
    since = min(monitor.clock.floor(request.since), until)
    measured = tuple(metric for metric in metrics if metric.name not in FREE)
    numeric = dict.fromkeys(metric.column_name for metric in measured if needs_number(metric))
    doubtful = tuple(name for name in numeric if "case" in NUMBER.get(relation.columns[name], ""))
    numbers = {name: sql.Identifier(f"lookout number of {name}") for name in numeric}
    type_ = relation.columns[monitor.timestamp_column]
    stamp = sql.Identifier(monitor.timestamp_column)
    clock, oldest, newest = (sql.Literal(as_stamp(monitor, moment, type_)) for moment in (as_of, since, until))
    bucket = sql.SQL("case when {stamp} >= {until} then {last} when {stamp} >= {since} then {number} end").format(
        stamp=stamp,
        since=oldest,
        until=newest,
        last=sql.Literal(float(monitor.clock.number(until))),
        number=number_of_bucket(monitor, type_),
    )
    columns = needed_columns(monitor, relation, measured)
    row_filter = (
        sql.SQL("\n    and (\n{}\n)").format(sql.SQL(monitor.row_filter)) if monitor.row_filter else sql.SQL("")
    )
    # The planner expects as many buckets as timestamps, which rules out parallel and hashed plans. Behind a union it
    # does not look the expression up, so it assumes a few hundred groups; the empty half is free.
    query = sql.SQL(
        "select\n    lookout_bucket,\n    count(*),\n"
        "    date_part('epoch', max({stamp}) filter (where {stamp} <= {clock})),\n"
        "    count(*) filter (where {stamp} > {clock}){not_finite}{aggregates}\n"
        "from (\n    select {bucket} as lookout_bucket, {columns}{numbers}\n    from {table}\n"
        "    where ({stamp} >= {since} or {stamp} is null or {stamp} in ({placeholders})){row_filter}\n"
        "    union all\n    select {nulls} where false\n) as {alias}\n"
        "group by lookout_bucket"
    ).format(
        stamp=stamp,
        clock=clock,
        bucket=bucket,
        row_filter=row_filter,
        not_finite=sql.SQL("").join(
            [sql.SQL(",\n    count({}) - count({})").format(sql.Identifier(name), numbers[name]) for name in doubtful]
        ),
        aggregates=sql.SQL("").join(
            [aggregate(metric, numbers.get(metric.column_name, NO_NUMBER)) for metric in measured]
        ),
        # Once a row, however many metrics read the number.
        numbers=sql.SQL("").join(
            [sql.SQL(", {} as {}").format(number_of(name, relation), alias) for name, alias in numbers.items()]
        ),
        placeholders=sql.SQL(", ").join(map(sql.Literal, PLACEHOLDERS)),
        columns=sql.SQL(", ").join([sql.Identifier(name) for name in columns]),
        table=sql.Identifier(monitor.schema, monitor.table),
        alias=sql.Identifier(monitor.table),
        since=oldest,
        nulls=sql.SQL(", ".join(["null"] * (1 + len(columns) + len(numbers)))),
    )
    return ProfilePlan(request, query, tuple(metrics), doubtful, since, until, as_of, type_)


def read_profile_rows(plan: ProfilePlan, rows: Sequence[Sequence[Any]]) -> TableProfile:
    """Turn the rows of a plan's query into observations: one per metric and closed bucket, missing buckets included."""
    request, monitor = plan.request, plan.request.monitor
    first_metric = 4 + len(plan.doubtful)
    width = first_metric + sum(metric.name not in FREE for metric in plan.metrics)
    everything: Floats = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    is_dated = np.isfinite(everything[:, 0])
    table, undated = everything[is_dated], int(everything[~is_dated, 1].sum())
    numbers = table[:, 0].astype(np.int64)
    clock = monitor.clock
    newest = in_utc(monitor, table[:, 2], plan.type_, plan.as_of)
    end = clock.number(plan.until)
    # A column without a time zone may show times that the clock of the zone skips; no bucket has them.
    closed = (numbers < end) & clock.is_there(numbers)
    firsts = [int(numbers[closed].min())] if closed.any() else []
    if request.first_bucket is not None:
        firsts.append(clock.number(request.first_bucket))
    latest_at = _latest(request, plan, newest)
    first_bucket = None
    spine: npt.NDArray[np.int64] = np.empty(0, np.int64)
    if firsts and min(firsts) < end:
        first_bucket = clock.start(min(firsts))
        spine = np.arange(max(min(firsts), clock.number(plan.since)), end, dtype=np.int64)
        spine = spine[clock.is_there(spine)]
    table[:, 2] = newest
    observations = _observations(plan, np.delete(table[closed], slice(4, first_metric), axis=1), numbers[closed], spine)
    left_out = {name: int(table[:, 4 + at].sum()) for at, name in enumerate(plan.doubtful)}
    return TableProfile(
        observations,
        first_bucket,
        latest_at,
        int(table[:, 1].sum()),
        int(table[:, 3].sum()),
        undated,
        {name: count for name, count in left_out.items() if count},
        _counts(clock.starts(numbers) / 1e9, table),
    )


def _counts(starts: Floats, table: Floats) -> Floats:
    # Rows after the clock are in the bucket that is not over, and have not come.
    counts = np.column_stack([starts, table[:, 1] - table[:, 3], table[:, 2]])
    counts = counts[counts[:, 1] > 0]
    return counts[np.argsort(counts[:, 0])]


def _observations(plan: ProfilePlan, table: Floats, numbers: npt.NDArray[np.int64], spine: Any) -> pd.DataFrame:
    monitor, request = plan.request.monitor, plan.request
    if not len(spine):
        return _frame(monitor, (), spine, [])
    grid = np.full((len(spine), table.shape[1]), np.nan)
    grid[np.searchsorted(spine, numbers)] = table
    counts = np.nan_to_num(grid[:, 1])
    values, measured = [], iter(range(4, grid.shape[1]))
    for metric in plan.metrics:
        if metric.name == "row_count":
            values.append(counts)
        elif metric.name == "freshness":
            values.append(_freshness(grid[:, 2], monitor.clock.ends(spine) / SECOND, request.latest_at, plan.since))
        else:
            column = grid[:, next(measured)]
            values.append(np.where(np.isfinite(column), column, np.nan))
    return _frame(monitor, plan.metrics, spine, values)


def _freshness(newest: Floats, ends: Floats, latest_at: datetime | None, since: datetime) -> Floats:
    """Return the seconds from the newest timestamp before the end of each bucket to that end; NaN while unknown."""
    known = newest.copy()
    if latest_at is not None and latest_at < since:
        known[0] = np.fmax(known[0], _epoch(latest_at))
    lag: Floats = np.round(ends - np.fmax.accumulate(known), 6)
    return lag


def _frame(monitor: Monitor, metrics: Sequence[Metric], spine: Any, values: Sequence[Floats]) -> pd.DataFrame:
    size, starts = len(spine), monitor.clock.starts(spine) // SECOND

    def column(items: Sequence[str]) -> Any:
        return np.repeat(np.array(items, dtype=object), size)

    frame = pd.DataFrame(
        {
            "series_key": column([monitor.key_of(metric) for metric in metrics]),
            "connection": monitor.connection,
            "asset": monitor.asset,
            "column_name": column([metric.column_name for metric in metrics]),
            "metric": column([metric.name for metric in metrics]),
            "kind": column([metric.kind for metric in metrics]),
            "grain": monitor.grain,
            "bucket_start": pd.to_datetime(np.tile(starts, len(metrics)), unit="s", utc=True),
            "value": np.concatenate(values) if values else np.empty(0),
        },
        columns=list(OBSERVATION_COLUMNS),
    )
    # Before the first known timestamp a lag is not null but unknown: stored values of those buckets stay.
    return frame[~((frame["metric"] == "freshness") & frame["value"].isna())].reset_index(drop=True)


def needed_columns(monitor: Monitor, relation: Relation, metrics: Sequence[Metric]) -> list[str]:
    """Return the columns the query reads: those of its metrics, and all readable ones for a user's SQL expression."""
    if any(metric.expression is not None for metric in metrics):
        return [name for name in relation.columns if name not in relation.hidden]
    return list(dict.fromkeys([monitor.timestamp_column, *(metric.column_name for metric in metrics)]))


def needs_number(metric: Metric) -> bool:
    """Return whether a metric is computed from the numbers of its column, as :func:`number_of` reads them."""
    return metric.expression is None and "{number}" in AGGREGATES.get(metric.name, "")


def number_of(column: str, relation: Relation) -> sql.Composed:
    """Return the SQL of a column's finite number; null where it is none."""
    return sql.SQL(NUMBER.get(relation.columns[column], "{column}::float8")).format(column=sql.Identifier(column))


def aggregate(metric: Metric, number: sql.Composable) -> sql.Composed:
    """Return the SQL of a metric that is neither row_count nor freshness, after a comma: ``, avg(...)``.

    ``number`` is the SQL of its column's number, for the metrics of :func:`needs_number`.
    """
    if metric.expression is not None:
        # The line break ends a comment that the expression may end in.
        return sql.SQL(",\n    (\n{}\n)::float8").format(sql.SQL(metric.expression))
    return sql.SQL(",\n    " + AGGREGATES[metric.name]).format(column=sql.Identifier(metric.column_name), number=number)


def _latest(request: ProfileRequest, plan: ProfilePlan, newest: Floats) -> datetime | None:
    seen = [EPOCH + timedelta(microseconds=round(float(np.nanmax(newest)) * 1e6))] if np.isfinite(newest).any() else []
    if request.latest_at is not None and request.latest_at <= plan.as_of:
        seen.append(request.latest_at)
    return max(seen, default=None)


def _epoch(moment: datetime) -> float:
    return (moment - EPOCH).total_seconds()
