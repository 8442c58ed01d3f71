"""The figures behind the charts: which stretches of which series, thinned to what a chart can show."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookout.database.store import Store

Row = dict[str, Any]
STEP = {"day": 86400, "hour": 3600}
# Buckets before and after an alert, and buckets of every watched series up to now.
BEFORE, AFTER, RECENT = {"day": 45, "hour": 96}, {"day": 14, "hour": 48}, {"day": 90, "hour": 168}
MOST_POINTS, MOST_CHARTS, MOST_SERIES = 200, 300, 400
DIGITS = 6
_OBSERVED, _SEVERITY = 2, 6


class Window(NamedTuple):
    """A stretch of a series, in seconds since 1970; ``charts`` is how many charts look at it."""

    series_key: str
    since: float
    until: float
    charts: int = 1


def alert_window(alert: Row) -> Window | None:
    """What the chart of an alert shows; None when it comes from no series."""
    if alert["series_key"] is None or alert["grain"] not in STEP:
        return None
    step = STEP[alert["grain"]]
    begins = alert["window_start"].timestamp()
    ends = (alert["window_end"] or alert["window_start"]).timestamp()
    return Window(alert["series_key"], begins - BEFORE[alert["grain"]] * step, ends + AFTER[alert["grain"]] * step)


def windows(alerts: Iterable[Row], series: Iterable[Row], clock: datetime) -> list[Window]:
    """The stretches to read: around the first ``MOST_CHARTS`` alerts, and the newest of every series. Disjoint."""
    wanted = [window for window in map(alert_window, alerts) if window is not None][:MOST_CHARTS]
    now = clock.timestamp()
    for row in list(series)[:MOST_SERIES]:
        wanted.append(Window(row["series_key"], now - RECENT[row["grain"]] * STEP[row["grain"]], now))
    by_series: dict[str, list[Window]] = defaultdict(list)
    for window in wanted:
        by_series[window.series_key].append(window._replace(until=min(window.until, now)))
    return [merged for key in by_series for merged in _merged(by_series[key])]


def _merged(stretches: Sequence[Window]) -> list[Window]:
    result: list[Window] = []
    for window in sorted(stretches, key=lambda w: w.since):
        if result and window.since <= result[-1].until:
            last = result[-1]
            result[-1] = last._replace(until=max(last.until, window.until), charts=last.charts + 1)
        else:
            result.append(window)
    return result


def read_points(store: Store, wanted: Sequence[Window]) -> NDArray[np.float64]:
    """Rows of number of the window from 1, bucket, observed, expected, lower, upper, severity (0, 1 or 2)."""
    if not wanted:
        return np.empty((0, 7))
    parameters = ([w.series_key for w in wanted], [w.since for w in wanted], [w.until for w in wanted])
    return store.fetch_numbers(POINTS, 7, parameters)


def encode(points: NDArray[np.float64], wanted: Sequence[Window]) -> dict[str, list[list[Any]]]:
    """For each series six lists: seconds since 1970, observed, expected, lower, upper, severity; null is None."""
    parts: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    starts = np.searchsorted(points[:, 0], np.arange(1, len(wanted) + 2))
    for window, begin, end in zip(wanted, starts[:-1], starts[1:], strict=True):
        parts[window.series_key].append(thin(points[begin:end], MOST_POINTS * window.charts))
    return {key: _columns(np.concatenate(stretches)) for key, stretches in parts.items()}


def thin(points: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """At most about ``most`` rows: of each run of neighbours the lowest, the highest and every anomaly stay.

    Anomalies are thinned as well where they alone are too many.
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
        *(_plain(points[:, place]) for place in range(_OBSERVED, _SEVERITY)),
        points[:, _SEVERITY].astype(np.int64).tolist(),
    ]


def _plain(values: NDArray[np.float64]) -> list[Any]:
    """Rounded to six significant digits, which is more than a chart shows; what is no number becomes None."""
    known = np.isfinite(values)
    size = np.abs(np.where(known & (values != 0), values, 1.0))
    power = np.power(10.0, DIGITS - 1 - np.floor(np.log10(size)).clip(-300, DIGITS - 1))
    rounded = np.where(known, np.round(np.where(known, values, 0.0) * power) / power, 0.0)
    return [
        (int(value) if value.is_integer() else value) if is_known else None
        for value, is_known in zip(rounded.tolist(), known.tolist(), strict=True)
    ]


def to_json(document: Mapping[str, Any]) -> str:
    """JSON that may stand inside a script element: no name in it can end the element or begin a comment."""
    told = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_iso)
    for letter in "<>&\u2028\u2029":
        told = told.replace(letter, f"\\u{ord(letter):04x}")
    return told


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(timezone.utc):%Y-%m-%d %H:%M}"
    return str(value)


# Windows of series: number of the window, start of the bucket in seconds since 1970, five figures of it (NaN is null).
POINTS = """
    select windows.place::float8, extract(epoch from b.bucket_start)::float8,
        coalesce(b.observed_value, 'NaN'), coalesce(b.expected_value, 'NaN'),
        coalesce(b.lower_bound, 'NaN'), coalesce(b.upper_bound, 'NaN'),
        (case b.severity when 'critical' then 2 when 'warning' then 1 else 0 end)::float8
    from unnest(%s::text[], %s::float8[], %s::float8[]) with ordinality as windows (series_key, since, until, place)
    inner join {schema}.baselines as b
        on b.series_key = windows.series_key and b.bucket_start >= to_timestamp(windows.since)
        and b.bucket_start < to_timestamp(windows.until)
    where b.status <> 'forecast'
    order by windows.place, b.bucket_start
"""
