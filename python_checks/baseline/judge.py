"""Judging: series and their points in, one row per series and bucket out. No database, no clock, no series loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from python_checks.baseline import reasons, transforms
from python_checks.baseline.learned import SPANS, Panel
from python_checks.baseline.scores import Verdict, judge_learned, judge_zscore
from python_checks.baseline.settings import complete, needed
from python_checks.errors import ConfigError
from python_checks.monitors import GRAIN_STEP, Grain

COLUMNS = (
    "series_key",
    "bucket_start",
    "status",
    "observed_value",
    "expected_value",
    "lower_bound",
    "upper_bound",
    "warning_lower_bound",
    "warning_upper_bound",
    "scale",
    "sample_size",
    "method",
    "score",
    "reason",
    "severity",
)
STATUSES = ("learning", "judged", "excluded", "forecast")
SEVERITIES = ("", "warning", "critical")
_CELLS = 1_500_000  # cells (series x buckets) computed at a time; bounds memory to a few hundred MB
_NONE = np.iinfo(np.int64).min

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class _Points:
    """Points of one grain: row of the series, bucket number since 1970, value and whether it is excluded."""

    row: Integers
    bucket: Integers
    value: NDArray[np.float64]
    excluded: NDArray[np.bool_]


def judge(
    series: pd.DataFrame,
    points: pd.DataFrame,
    *,
    horizon: int = 0,
    judge_from: pd.Series[Any] | None = None,
) -> pd.DataFrame:
    """Judge every bucket of every series against the buckets before it.

    ``series`` is indexed by series key and has the columns kind and grain and, if wanted, the settings that
    docs/detector.md lists. ``points`` has the columns series_key, bucket_start (UTC), value (NaN: the bucket is
    missing) and, if wanted, excluded. ``horizon`` buckets after the newest closed one get a forecast. ``judge_from``
    gives per series the first bucket wanted; with :func:`lookback` of history before it the rows equal those of a full
    judging. Returns the columns :data:`COLUMNS`, one row per series and bucket of its spine, ordered by both.

    Raises ConfigError when a column is missing or a setting is not possible.
    """
    settings = complete(series)
    _check_points(points)
    keys = pd.CategoricalDtype(settings.index)
    parts: list[pd.DataFrame] = []
    for grain in ("day", "hour"):
        chosen = np.flatnonzero((settings["grain"] == grain).to_numpy())
        if len(chosen):
            mine = settings.iloc[chosen]
            parts += list(_judge_grain(mine, series.iloc[chosen], points, grain, horizon, judge_from, keys))
    parts = [part for part in parts if len(part)]
    if not parts:
        return _empty()
    result = pd.concat(parts, ignore_index=True)
    order = np.lexsort((result["bucket_start"].to_numpy(), result["series_key"].cat.codes.to_numpy()))
    result = result.take(order).reset_index(drop=True)
    for name in ("series_key", "status", "method", "severity"):
        result[name] = result[name].astype(object)
    return result


def _judge_grain(
    settings: pd.DataFrame,
    series: pd.DataFrame,
    points: pd.DataFrame,
    grain: Grain,
    horizon: int,
    judge_from: pd.Series[Any] | None,
    keys: pd.CategoricalDtype,
) -> Iterator[pd.DataFrame]:
    nanoseconds = int(GRAIN_STEP[grain].total_seconds() * 1e9)
    data = _points_of(settings, points, nanoseconds)
    last = _last_buckets(settings, series, data, nanoseconds)
    data = _closed(data, last)
    wanted = _wanted(settings, judge_from, data, last, nanoseconds)
    reach = int(needed(settings)[grain] / GRAIN_STEP[grain])
    # Series alike in method, window and first bucket are computed together.
    alike = pd.DataFrame(
        {
            "method": settings["method"].to_numpy(),
            "window": np.where(settings["method"] == "zscore", settings["window_size"], 0),
            "own": (settings["own_window"] & (settings["method"] == "zscore")).to_numpy(),
            "from": wanted,
            "last": last,
        }
    )
    alike = alike[(last != _NONE) & (wanted <= last + horizon)]
    alike = alike.sort_values(["method", "window", "own", "from"], kind="stable")
    order = np.argsort(data.row, kind="stable")
    data = _Points(data.row[order], data.bucket[order], data.value[order], data.excluded[order])
    edges = np.searchsorted(data.row, np.arange(len(settings) + 1))
    for (method, window, own), group in alike.groupby(["method", "window", "own"], sort=False):
        for chunk in _chunks(group, reach, horizon):
            rows = chunk.index.to_numpy()
            origin = int(chunk["from"].min()) - reach
            end = int(chunk["last"].max()) + horizon
            panel, first = _panel(data, edges, rows, settings, grain, origin, end, int(chunk["from"].min()))
            part = settings.iloc[rows]
            verdict = (
                judge_learned(panel, part) if method == "learned" else judge_zscore(panel, part, int(window), bool(own))
            )
            spine = _Spine(origin, nanoseconds, wanted[rows], last[rows], first, horizon)
            yield _assemble(panel, verdict, part, spine, keys)


def _chunks(group: pd.DataFrame, reach: int, horizon: int) -> Iterator[pd.DataFrame]:
    """Parts of a group, ordered by first bucket, whose matrices stay small."""
    first = group["from"].to_numpy()
    last = group["last"].to_numpy()
    begin = 0
    while begin < len(group):
        width = int(last[begin:].max()) + horizon - int(first[begin]) + reach + 1
        end = begin + max(1, _CELLS // max(width, 1))
        yield group.iloc[begin:end]
        begin = end


def _check_points(points: pd.DataFrame) -> None:
    for name in ("series_key", "bucket_start", "value"):
        if name not in points.columns:
            raise ConfigError(f"The points have no column {name!r}; add it.")
    if len(points) and getattr(points["bucket_start"].dtype, "tz", None) is None:
        raise ConfigError("The points' bucket_start has no time zone; give timestamps in UTC.")


def _buckets(times: pd.Series[Any], nanoseconds: int) -> Integers:
    """Bucket numbers since 1970; a time inside a bucket belongs to it."""
    utc = pd.DatetimeIndex(pd.to_datetime(times, utc=True)).as_unit("ns")
    numbers = utc.asi8 // nanoseconds
    return np.where(utc.isna(), _NONE, numbers)


def _points_of(settings: pd.DataFrame, points: pd.DataFrame, nanoseconds: int) -> _Points:
    keys = points["series_key"]
    if isinstance(keys.dtype, pd.CategoricalDtype):
        row = settings.index.get_indexer(keys.cat.categories.astype(str))[keys.cat.codes.to_numpy()]
        row = np.where(keys.cat.codes.to_numpy() < 0, -1, row)
    else:
        row = settings.index.get_indexer(keys)
    mine = row >= 0
    value = points["value"].to_numpy(dtype=np.float64, na_value=np.nan)[mine]
    if "excluded" in points.columns:
        excluded = points["excluded"].fillna(False).to_numpy(dtype=bool)[mine]
    else:
        excluded = np.zeros(len(value), dtype=bool)
    times = points["bucket_start"] if mine.all() else points.loc[mine, "bucket_start"]
    value = np.where(np.isfinite(value), value, np.nan)
    return _Points(row[mine].astype(np.int64), _buckets(times, nanoseconds), value, excluded)


def _last_buckets(settings: pd.DataFrame, series: pd.DataFrame, data: _Points, nanoseconds: int) -> Integers:
    newest = int(data.bucket.max()) if len(data.bucket) else _NONE
    if "last_bucket" not in series.columns:
        return np.full(len(settings), newest, dtype=np.int64)
    given = _buckets(series["last_bucket"], nanoseconds)
    return np.where(given == _NONE, newest, given)


def _closed(data: _Points, last: Integers) -> _Points:
    """Points up to the newest closed bucket of their series; the bucket that is being filled is not judged."""
    closed = (data.bucket <= last[data.row]) & (data.bucket != _NONE)
    if closed.all():
        return data
    return _Points(data.row[closed], data.bucket[closed], data.value[closed], data.excluded[closed])


def _wanted(
    settings: pd.DataFrame, judge_from: pd.Series[Any] | None, data: _Points, last: Integers, nanoseconds: int
) -> Integers:
    """First bucket to return per series: what was asked for, else the first point, else the newest closed bucket."""
    first = np.full(len(settings), np.iinfo(np.int64).max)
    there = np.isfinite(data.value)
    np.minimum.at(first, data.row[there], data.bucket[there])
    first = np.where(first == np.iinfo(np.int64).max, last, first)
    if judge_from is None:
        return first
    asked = _buckets(judge_from.reindex(settings.index), nanoseconds)
    return np.where(asked == _NONE, first, asked)


def _panel(
    data: _Points,
    edges: Integers,
    rows: Integers,
    settings: pd.DataFrame,
    grain: Grain,
    origin: int,
    end: int,
    start: int,
) -> tuple[Panel, Integers]:
    """Matrices of some series, and the number of the first bucket in which each has a point."""
    lengths = edges[rows + 1] - edges[rows]
    source = np.repeat(edges[rows] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())
    target = np.repeat(np.arange(len(rows)), lengths)
    column = data.bucket[source] - origin
    inside = (column >= 0) & (column <= end - origin)
    source, target, column = source[inside], target[inside], column[inside]
    shape = (len(rows), end - origin + 1)
    observed = np.full(shape, np.nan)
    excluded = np.zeros(shape, dtype=bool)
    observed[target, column] = data.value[source]
    excluded[target, column] = data.excluded[source]
    first = np.full(len(rows), shape[1], dtype=np.int64)
    there = np.isfinite(data.value[source])
    np.minimum.at(first, target[there], column[there])
    part = settings.iloc[rows]
    kinds = part["kind_code"].to_numpy()
    empties = (part["metric"] == "row_count").to_numpy()
    counted = observed
    if empties.any():
        # A row count of no rows is an empty bucket, not a small value.
        counted = np.where(empties[:, None] & (observed == 0), np.nan, observed)
    x = np.where(excluded, np.nan, counted) if excluded.any() else counted
    panel = Panel(SPANS[grain], kinds, observed, x, transforms.forward(x, kinds), excluded, empties, start - origin)
    return panel, first + origin


@dataclass(frozen=True)
class _Spine:
    """Bucket numbers that belong to the rows of a panel."""

    origin: int
    nanoseconds: int
    wanted: Integers
    last: Integers
    first: Integers
    horizon: int


def _assemble(
    panel: Panel, verdict: Verdict, settings: pd.DataFrame, spine: _Spine, keys: pd.CategoricalDtype
) -> pd.DataFrame:
    numbers = spine.origin + np.arange(panel.observed.shape[1])
    begun = np.minimum(np.maximum(spine.first, spine.wanted), np.maximum(spine.last, spine.wanted))[:, None]
    shown = (numbers >= begun) & (numbers <= spine.last[:, None] + spine.horizon)
    row, column = np.nonzero(shown)
    ahead = numbers[column] > spine.last[row]
    status = np.where(verdict.learning[row, column], 0, 1)
    status = np.where(panel.excluded[row, column], 2, status)
    status = np.where(ahead, 3, status)
    judged = status == 1
    score = np.where(judged, verdict.score[row, column], np.nan)
    size = np.abs(np.nan_to_num(score))
    warn, critical = settings["warn_score"].to_numpy()[row], settings["critical_score"].to_numpy()[row]
    severity = np.where(judged & (size >= critical), 2, np.where(judged & (size >= warn), 1, 0))
    buckets = pd.DatetimeIndex(numbers[column] * spine.nanoseconds, tz="UTC")
    reason = reasons.word(panel, verdict, settings, row, column, status, severity, buckets)
    frame: dict[str, Any] = {
        "series_key": pd.Categorical.from_codes(keys.categories.get_indexer(settings.index)[row], dtype=keys),
        "bucket_start": buckets,
        "status": pd.Categorical.from_codes(status, STATUSES),
        "observed_value": panel.observed[row, column],
    }
    numbers_of = {
        "expected_value": verdict.expected,
        "lower_bound": verdict.critical.lower,
        "upper_bound": verdict.critical.upper,
        "warning_lower_bound": verdict.warning.lower,
        "warning_upper_bound": verdict.warning.upper,
        "scale": verdict.scale,
    }
    for name, values in numbers_of.items():
        frame[name] = values[row, column]
    frame["sample_size"] = verdict.sample[row, column].astype(np.int64)
    frame["method"] = pd.Categorical.from_codes(
        (settings["method"] == "zscore").to_numpy().astype(int)[row], ("learned", "zscore")
    )
    frame["score"] = score
    frame["reason"] = reason
    frame["severity"] = pd.Categorical.from_codes(severity, SEVERITIES)
    return pd.DataFrame(frame)


def _empty() -> pd.DataFrame:
    numbers = {"observed_value", "expected_value", "scale", "score"} | {c for c in COLUMNS if c.endswith("_bound")}
    types: dict[str, Any] = dict.fromkeys(numbers, "float64")
    types |= {"sample_size": "int64", "bucket_start": "datetime64[ns, UTC]"}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, "object")) for name in COLUMNS})
