"""Judgement of series: one row per series and bucket, without a database, a clock or a loop over series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lookout.baseline import reasons
from lookout.baseline.learned import Panel
from lookout.baseline.rules.holidays import Effects, verdict_of
from lookout.baseline.scores import Verdict, judge_learned, judge_zscore
from lookout.baseline.settings import complete, needed
from lookout.baseline.spine import (
    NONE,
    Integers,
    Points,
    check_points,
    closed,
    first_wanted,
    last_buckets,
    panel_of,
    points_of,
)
from lookout.project.declarations.grain import BucketClock, clocks_of

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
# Why an hour is excluded that a change of the clock makes longer or shorter.
CLOCK_CHANGE = "the clock was changed in this hour"
STATUSES = ("learning", "judged", "excluded", "forecast")
METHODS = ("learned", "zscore")
SEVERITIES = ("", "warning", "critical")
_CELLS = 300_000  # cells (series x buckets) computed at a time: keeps memory small and caches warm


def judge(
    series: pd.DataFrame,
    points: pd.DataFrame,
    *,
    horizon: int = 0,
    judge_from: pd.Series[Any] | None = None,
) -> pd.DataFrame:
    """Judge every bucket of every series against the buckets before it.

    ``series`` is indexed by series key and has the columns kind and grain and, if wanted, time_zone (otherwise UTC) and
    the settings that docs/detector.md lists. ``points`` has the columns series_key, bucket_start (UTC), value (NaN: the
    bucket is missing) and, if wanted, excluded. ``horizon`` buckets after the newest closed one get a forecast.
    ``judge_from`` gives per series the first bucket wanted; with :func:`lookback` of history before it the rows equal
    those of a full judging. Returns the columns :data:`COLUMNS`, one row per series and bucket of its spine, ordered by
    both.

    Raises ConfigError when a column is missing or a setting is not possible.
    """
    settings = complete(series)
    check_points(points)
    keys = settings.index
    parts: list[pd.DataFrame] = []
    for clock, chosen in clocks_of(settings):
        alike = settings.iloc[chosen], series.iloc[chosen]
        # A value near the largest number overflows on the way to its square; it is judged as far as it goes.
        with np.errstate(over="ignore", invalid="ignore"):
            parts += list(_judge_alike(*alike, points, clock, horizon, judge_from, keys))
    parts = [part for part in parts if len(part)]
    if not parts:
        return _empty()
    result = pd.concat(parts, ignore_index=True)
    codes = result["series_key"].cat.codes.to_numpy()
    if (np.diff(codes) < 0).any():
        # Every series is in one part, its buckets in order.
        result = result.take(np.argsort(codes, kind="stable")).reset_index(drop=True)
    for name in ("series_key", "status", "method", "severity"):
        result[name] = result[name].astype(object)
    return _with_infinite(result, points)


def _with_infinite(result: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Return judged buckets with a reason for those whose value is infinite: it counts as none."""
    values = points["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isinf(values).any():
        return result
    keys = ["series_key", "bucket_start"]
    infinite = pd.MultiIndex.from_frame(points.loc[np.isinf(values), keys].astype({"series_key": str}))
    found = pd.MultiIndex.from_frame(result[keys].astype({"series_key": str})).isin(infinite)
    reason = result["reason"].to_numpy(dtype=object, copy=True)
    reason[found] = [reasons.of_infinite(text) for text in reason[found]]
    return result.assign(reason=reason)


def judge_holidays(rows: pd.DataFrame, series: pd.DataFrame, labels: Sequence[str], effects: Effects) -> pd.DataFrame:
    """Return rows of :func:`judge` that are on holidays, judged by how far these were from an ordinary day before.

    ``series`` are the arguments of :func:`judge`, ``labels`` the names of the holidays and ``effects`` what is known of
    earlier ones, by row. A row that cannot be judged so is excluded, and its reason says why.
    """
    settings = complete(series).loc[pd.Index(rows["series_key"].astype(str))]
    verdict = verdict_of(rows, settings, effects)
    is_ahead = (rows["status"] == "forecast").to_numpy()
    score = np.where(is_ahead, np.nan, verdict.score[:, 0])
    size = np.abs(np.nan_to_num(score))
    is_critical, is_warning = (size >= settings[name].to_numpy() for name in ("critical_score", "warn_score"))
    judged = rows.assign(
        status=np.where(is_ahead, "forecast", "judged"),
        expected_value=verdict.expected[:, 0],
        lower_bound=verdict.critical.lower[:, 0],
        upper_bound=verdict.critical.upper[:, 0],
        warning_lower_bound=verdict.warning.lower[:, 0],
        warning_upper_bound=verdict.warning.upper[:, 0],
        scale=verdict.scale[:, 0],
        sample_size=effects.count,
        score=score,
        reason=reasons.on_holidays(verdict, settings, labels),
        severity=np.where(is_critical, "critical", np.where(is_warning, "warning", "")),
    )
    why = [f"{label}: {problem}" for label, problem in zip(labels, verdict.problem, strict=True)]
    left_out = rows.assign(status="excluded", score=np.nan, reason=why, severity="")
    is_judged = verdict.problem == ""
    result: pd.DataFrame = pd.concat([judged[is_judged], left_out[~is_judged]]).sort_index()
    return result


def _judge_alike(
    settings: pd.DataFrame,
    series: pd.DataFrame,
    points: pd.DataFrame,
    clock: BucketClock,
    horizon: int,
    judge_from: pd.Series[Any] | None,
    keys: pd.Index[str],
) -> Iterator[pd.DataFrame]:
    data = points_of(settings, points, clock)
    last = last_buckets(settings, series, data, clock)
    data = closed(data, last)
    wanted = first_wanted(settings, judge_from, data, last, clock)
    reach = int(needed(settings)[clock.grain] / clock.step)
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
    alike = alike[(last != NONE) & (wanted <= last + horizon)]
    alike = alike.sort_values(["method", "window", "own", "from"], kind="stable")
    order = np.argsort(data.row, kind="stable")
    data = Points(data.row[order], data.bucket[order], data.value[order], data.excluded[order])
    edges = np.searchsorted(data.row, np.arange(len(settings) + 1))
    for (method, window, own), group in alike.groupby(["method", "window", "own"], sort=False):
        for chunk in _chunks(group, reach, horizon):
            rows = chunk.index.to_numpy()
            origin = int(chunk["from"].min()) - reach
            end = int(chunk["last"].max()) + horizon
            panel, first = panel_of(data, edges, rows, settings, clock, origin, end, int(chunk["from"].min()), last)
            part = settings.iloc[rows]
            if method == "learned":
                verdict = judge_learned(panel, part, clock.lengths(np.arange(origin + panel.start, end + 1)))
            else:
                verdict = judge_zscore(panel, part, int(window), bool(own))
            spine = _Spine(origin, clock, wanted[rows], last[rows], first, horizon)
            yield _assemble(panel, verdict, part, spine, keys)


def _chunks(group: pd.DataFrame, reach: int, horizon: int) -> Iterator[pd.DataFrame]:
    """Yield parts of a group, ordered by first bucket, whose matrices stay small."""
    first = group["from"].to_numpy()
    last = group["last"].to_numpy()
    begin = 0
    while begin < len(group):
        width = int(last[begin:].max()) + horizon - int(first[begin]) + reach + 1
        end = begin + max(1, _CELLS // max(width, 1))
        yield group.iloc[begin:end]
        begin = end


@dataclass(frozen=True)
class _Spine:
    """Bucket numbers that belong to the rows of a panel."""

    origin: int
    clock: BucketClock
    wanted: Integers
    last: Integers
    first: Integers
    horizon: int


def _assemble(
    panel: Panel, verdict: Verdict, settings: pd.DataFrame, spine: _Spine, keys: pd.Index[str]
) -> pd.DataFrame:
    now = panel.since(panel.start)
    numbers = spine.origin + panel.start + np.arange(now.observed.shape[1])
    begun = np.minimum(np.maximum(spine.first, spine.wanted), np.maximum(spine.last, spine.wanted))[:, None]
    is_returned = (numbers >= begun) & (numbers <= spine.last[:, None] + spine.horizon) & spine.clock.is_there(numbers)
    row, column = np.nonzero(is_returned)
    ahead = numbers[column] > spine.last[row]
    status = np.where(verdict.learning[row, column], 0, 1)
    status = np.where(now.excluded[row, column], 2, status)
    status = np.where(ahead, 3, status)
    judged = status == 1
    score = np.where(judged, verdict.score[row, column], np.nan)
    size = np.abs(np.nan_to_num(score))
    warn, critical = settings["warn_score"].to_numpy()[row], settings["critical_score"].to_numpy()[row]
    severity = np.where(judged & (size >= critical), 2, np.where(judged & (size >= warn), 1, 0))
    cells = reasons.Cells(row, column, status, severity, spine.clock.walls(numbers)[column])
    buckets = pd.DatetimeIndex(spine.clock.starts(numbers)[column], tz="UTC")
    reason = reasons.word(panel, verdict, settings, cells)
    reason[spine.clock.is_odd(numbers)[column]] = CLOCK_CHANGE
    frame: dict[str, Any] = {
        "series_key": _category(keys.get_indexer(settings.index)[row], keys),
        "bucket_start": buckets,
        "status": _category(status, STATUSES),
        "observed_value": now.observed[row, column],
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
    frame["method"] = _category((settings["method"] == "zscore").to_numpy().astype(int)[row], METHODS)
    frame["score"] = score
    frame["reason"] = reason
    frame["severity"] = _category(severity, SEVERITIES)
    return pd.DataFrame(frame)


def _category(codes: Any, names: Any) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=pd.Index(names))


def _empty() -> pd.DataFrame:
    numbers = {"observed_value", "expected_value", "scale", "score"} | {c for c in COLUMNS if c.endswith("_bound")}
    types: dict[str, Any] = dict.fromkeys(numbers, "float64")
    types |= {"sample_size": "int64", "bucket_start": "datetime64[ns, UTC]"}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, "object")) for name in COLUMNS})
