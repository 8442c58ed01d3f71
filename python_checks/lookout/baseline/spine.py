"""Matrices from points: the buckets of each series, those that are closed, and those that are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lookout.baseline.learned import History, Panel
from lookout.baseline.scales import transforms
from lookout.baseline.spans import SPANS
from lookout.baseline.windows import Matrix
from lookout.errors import ConfigError
from lookout.project.declarations.grain import BucketClock

Integers = NDArray[np.int64]
NONE = int(np.iinfo(np.int64).min)


@dataclass(frozen=True)
class Points:
    """Points of one grain: row of the series, bucket number since 1970, value and whether it is excluded."""

    row: Integers
    bucket: Integers
    value: NDArray[np.float64]
    excluded: NDArray[np.bool_]


def check_points(points: pd.DataFrame) -> None:
    """Raise ConfigError when a column is missing or the times have no time zone."""
    for name in ("series_key", "bucket_start", "value"):
        if name not in points.columns:
            raise ConfigError(f"The points have no column {name!r}; add it.")
    if len(points) and getattr(points["bucket_start"].dtype, "tz", None) is None:
        raise ConfigError("The points' bucket_start has no time zone; give timestamps in UTC.")


def buckets_of(times: pd.Series[Any], clock: BucketClock) -> Integers:
    """Return bucket numbers since 1970; a time inside a bucket belongs to it."""
    utc = pd.DatetimeIndex(pd.to_datetime(times, utc=True)).as_unit("ns")
    is_known = np.asarray(utc.notna())
    numbers = np.full(len(utc), NONE, dtype=np.int64)
    numbers[is_known] = clock.numbers(utc.to_numpy(dtype="datetime64[ns]").view(np.int64)[is_known])
    return numbers


def points_of(settings: pd.DataFrame, points: pd.DataFrame, clock: BucketClock) -> Points:
    """Return the points of the series in ``settings``; values that are not finite are NaN."""
    keys = points["series_key"]
    if isinstance(keys.dtype, pd.CategoricalDtype):
        row = settings.index.get_indexer(keys.cat.categories.astype(str))[keys.cat.codes.to_numpy()]
        row = np.where(keys.cat.codes.to_numpy() < 0, -1, row)
    else:
        row = settings.index.get_indexer(pd.Index(keys))
    mine = row >= 0
    value = points["value"].to_numpy(dtype=np.float64, na_value=np.nan)[mine]
    if "excluded" in points.columns:
        excluded = points["excluded"].astype("boolean").fillna(False).to_numpy(dtype=bool)[mine]
    else:
        excluded = np.zeros(len(value), dtype=bool)
    times = points["bucket_start"] if mine.all() else points.loc[mine, "bucket_start"]
    value = np.where(np.isfinite(value), value, np.nan)
    return Points(row[mine].astype(np.int64), buckets_of(times, clock), value, excluded)


def last_buckets(settings: pd.DataFrame, series: pd.DataFrame, data: Points, clock: BucketClock) -> Integers:
    """Return the newest closed bucket per series: its ``last_bucket``, else the newest of all points."""
    newest = int(data.bucket.max()) if len(data.bucket) else NONE
    if "last_bucket" not in series.columns:
        return np.full(len(settings), newest, dtype=np.int64)
    declared = buckets_of(series["last_bucket"], clock)
    return np.where(declared == NONE, newest, declared)


def closed(data: Points, last: Integers) -> Points:
    """Return points up to the newest closed bucket of their series; the bucket that is being filled is not judged."""
    done = (data.bucket <= last[data.row]) & (data.bucket != NONE)
    if done.all():
        return data
    return Points(data.row[done], data.bucket[done], data.value[done], data.excluded[done])


def first_wanted(
    settings: pd.DataFrame, judge_from: pd.Series[Any] | None, data: Points, last: Integers, clock: BucketClock
) -> Integers:
    """Return the first wanted bucket per series: the requested one, else the first point, else the newest closed."""
    first: Integers = np.full(len(settings), np.iinfo(np.int64).max, dtype=np.int64)
    there = np.isfinite(data.value)
    np.minimum.at(first, data.row[there], data.bucket[there])
    first = np.where(first == np.iinfo(np.int64).max, last, first)
    if judge_from is None:
        return first
    requested = buckets_of(judge_from.reindex(settings.index), clock)
    return np.where(requested == NONE, first, requested)


def panel_of(
    data: Points,
    edges: Integers,
    rows: Integers,
    settings: pd.DataFrame,
    clock: BucketClock,
    origin: int,
    end: int,
    start: int,
    last: Integers,
) -> tuple[Panel, Integers]:
    """Return the matrices of some series, and the number of the first bucket in which each has a point."""
    lengths = edges[rows + 1] - edges[rows]
    source = np.repeat(edges[rows] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())
    target = np.repeat(np.arange(len(rows)), lengths)
    column = data.bucket[source] - origin
    inside = (column >= 0) & (column <= end - origin)
    source, target, column = source[inside], target[inside], column[inside]
    shape = (len(rows), end - origin + 1)
    observed: Matrix = np.full(shape, np.nan)
    excluded = np.zeros(shape, dtype=bool)
    observed[target, column] = data.value[source]
    excluded[target, column] = data.excluded[source]
    # Hours that a change of the clock skips, or makes longer or shorter, can be compared with no other.
    excluded |= clock.is_odd(np.arange(origin, end + 1)) | ~clock.is_there(np.arange(origin, end + 1))
    first = np.full(len(rows), shape[1], dtype=np.int64)
    there = np.isfinite(data.value[source])
    np.minimum.at(first, target[there], column[there])
    part = settings.iloc[rows]
    kinds = part["kind_code"].to_numpy()
    empties = (part["metric"] == "row_count").to_numpy()
    counted: Matrix = observed
    if empties.any():
        # A row count of no rows is an empty bucket, not a small value.
        counted = np.where(empties[:, None] & (observed == 0), np.nan, observed)
    x = np.where(excluded, np.nan, counted) if excluded.any() else counted
    panel = Panel(
        SPANS[clock.grain],
        kinds,
        observed,
        x,
        transforms.forward(x, kinds),
        excluded,
        empties,
        start - origin,
        last[rows] - origin,
        origin,
        History(data.bucket, data.value, data.excluded, np.stack([edges[rows], edges[rows + 1]], axis=1), clock),
    )
    return panel, first + origin
