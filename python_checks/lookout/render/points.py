"""Points of the charts: windows of series, read from the database and thinned to the resolution of a chart."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookout.database.store import Store
from lookout.project.declarations.grain import GRAIN_STEP, SHORT

Row = dict[str, Any]
STEP = {str(grain): int(step.total_seconds()) for grain, step in GRAIN_STEP.items()}
# Buckets by grain: before an alert, after it, and of every watched series up to now.
BEFORE = {**dict.fromkeys(SHORT, 96), "day": 45, "week": 52, "month": 24}
AFTER = {**dict.fromkeys(SHORT, 48), "day": 14, "week": 8, "month": 6}
RECENT = {**dict.fromkeys(SHORT, 168), "day": 90, "week": 104, "month": 48}
MOST_POINTS, MOST_CHARTS, MOST_SERIES = 200, 300, 400
DIGITS = 6
_OBSERVED, _SEVERITY = 2, 6


class Window(NamedTuple):
    """A stretch of a series, in seconds since 1970; ``charts`` is the number of charts that show it."""

    series_key: str
    since: float
    until: float
    charts: int = 1


def alert_window(alert: Row) -> Window | None:
    """Return the window that the chart of an alert shows; None when the alert comes from no series."""
    grain = alert["grain"]
    if alert["series_key"] is None or grain not in STEP:
        return None
    begin = alert["window_start"].timestamp()
    end = (alert["window_end"] or alert["window_start"]).timestamp()
    return Window(alert["series_key"], begin - BEFORE[grain] * STEP[grain], end + AFTER[grain] * STEP[grain])


def chart_windows(alerts: Iterable[Row], series: Iterable[Row], clock: datetime) -> list[Window]:
    """Return the windows to read: around the first ``MOST_CHARTS`` alerts, and the newest of every series. Disjoint."""
    around_alerts = [window for window in map(alert_window, alerts) if window is not None]
    wanted = around_alerts[:MOST_CHARTS]
    now = clock.timestamp()
    for row in list(series)[:MOST_SERIES]:
        wanted.append(Window(row["series_key"], now - RECENT[row["grain"]] * STEP[row["grain"]], now))
    by_series: dict[str, list[Window]] = defaultdict(list)
    for window in wanted:
        by_series[window.series_key].append(window._replace(until=min(window.until, now)))
    return [merged for key in by_series for merged in _merged(by_series[key])]


def _merged(overlapping: Sequence[Window]) -> list[Window]:
    result: list[Window] = []
    for window in sorted(overlapping, key=lambda window: window.since):
        if result and window.since <= result[-1].until:
            last = result[-1]
            result[-1] = last._replace(until=max(last.until, window.until), charts=last.charts + 1)
        else:
            result.append(window)
    return result


def read_points(store: Store, wanted: Sequence[Window]) -> NDArray[np.float64]:
    """Return one row per point: number of its window (from 1), bucket, observed, expected, lower, upper, severity.

    Buckets are in seconds since 1970, a severity is 0, 1 (warning) or 2 (critical), a null is NaN.
    """
    if not wanted:
        return np.empty((0, 7))
    parameters = ([w.series_key for w in wanted], [w.since for w in wanted], [w.until for w in wanted])
    return store.fetch_numbers(POINTS, 7, parameters)


def encode(points: NDArray[np.float64], wanted: Sequence[Window]) -> dict[str, list[list[Any]]]:
    """Return six lists for each series: seconds since 1970, observed, expected, lower, upper, severity.

    A null is None.
    """
    parts: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    starts = np.searchsorted(points[:, 0], np.arange(1, len(wanted) + 2))
    for window, begin, end in zip(wanted, starts[:-1], starts[1:], strict=True):
        parts[window.series_key].append(thin(points[begin:end], MOST_POINTS * window.charts))
    return {key: _columns(np.concatenate(thinned)) for key, thinned in parts.items()}


def thin(points: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Return about ``most`` rows: of each run of neighbours the lowest, the highest and the worst anomaly.

    The first and the last row stay, and so does the first missing value of each run.
    """
    if len(points) <= most:
        return points
    groups = np.array_split(np.arange(len(points)), max(most // 3, 1))
    kept = {0, len(points) - 1}
    for group in groups:
        values, worst = points[group, _OBSERVED], points[group, _SEVERITY]
        kept.add(int(group[np.argmax(worst)]))
        if not np.isnan(values).all():
            kept |= {int(group[np.nanargmin(values)]), int(group[np.nanargmax(values)])}
        missing = group[np.isnan(values)]
        kept |= set(missing[:1].tolist())
    return points[sorted(kept)]


def _columns(points: NDArray[np.float64]) -> list[list[Any]]:
    return [
        points[:, 1].astype(np.int64).tolist(),
        *(_plain(points[:, column]) for column in range(_OBSERVED, _SEVERITY)),
        points[:, _SEVERITY].astype(np.int64).tolist(),
    ]


def _plain(values: NDArray[np.float64]) -> list[Any]:
    """Return values rounded to six significant digits, more than a chart shows; NaN and infinity become None."""
    known = np.isfinite(values)
    size = np.abs(np.where(known & (values != 0), values, 1.0))
    power = np.power(10.0, DIGITS - 1 - np.floor(np.log10(size)).clip(-300, DIGITS - 1))
    rounded = np.where(known, np.round(np.where(known, values, 0.0) * power) / power, np.nan)
    return [_number(value) for value in rounded.tolist()]


def _number(value: float) -> float | None:
    """Return an int where the value is whole, so that its JSON is short; None for NaN."""
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else value


def to_json(document: Mapping[str, Any]) -> str:
    """Return JSON that is safe inside a script element: no name in it can end the element or begin a comment."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_utc_text)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _utc_text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(timezone.utc):%Y-%m-%d %H:%M}"
    return str(value)


# Windows of series: number of the window, start of the bucket in seconds since 1970, five figures of it (NaN is null).
POINTS = """
    select windows.number::float8, extract(epoch from b.bucket_start)::float8,
        coalesce(b.observed_value, 'NaN'), coalesce(b.expected_value, 'NaN'),
        coalesce(b.lower_bound, 'NaN'), coalesce(b.upper_bound, 'NaN'),
        (case b.severity when 'critical' then 2 when 'warning' then 1 else 0 end)::float8
    from unnest(%s::text[], %s::float8[], %s::float8[]) with ordinality as windows (series_key, since, until, number)
    inner join {schema}.baselines as b
        on b.series_key = windows.series_key and b.bucket_start >= to_timestamp(windows.since)
        and b.bucket_start < to_timestamp(windows.until)
    where b.status <> 'forecast'
    order by windows.number, b.bucket_start
"""
