"""The learned method: a robust one-step forecast, the spread of its own past errors, and a score from both.

Sources and the reasoning behind every constant are in docs/detector.md. Matrices are series (rows) by buckets
(columns) on the judged scale, NaN where there is no value. Columns before ``Panel.start`` are context: results there
are undefined.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from lookout.baseline import transforms
from lookout.baseline.spans import Spans
from lookout.baseline.transforms import Codes
from lookout.baseline.windows import (
    Mask,
    Matrix,
    lagged_quantile,
    rolling_count,
    rolling_mean,
    rolling_median,
    rolling_quantiles,
)
from lookout.project.declarations.grain import BucketClock

WEEKS = 8
DAY = 86_400_000_000_000  # nanoseconds
MIN_ERRORS = 7
NORMAL_QUARTILES = 1.349  # distance of the quartiles of a standard normal
NORMAL_DECILES = 2.563  # distance of its first and last decile


@dataclass(frozen=True)
class History:
    """All points of the series of a panel, also those before its first column.

    ``edges`` are where the points of each row begin and end, ``clock`` tells the day of a bucket.
    """

    bucket: NDArray[np.int64]
    value: NDArray[np.float64]
    excluded: NDArray[np.bool_]
    edges: NDArray[np.int64]
    clock: BucketClock

    def days(self, bucket: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the days of the zone, since 1970, on which buckets begin."""
        return self.clock.walls(bucket) // DAY

    @property
    def seconds(self) -> float:
        """Return the width of a bucket in seconds, at most."""
        return self.clock.step.total_seconds()

    def last_bucket(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the last bucket that begins on each day or before."""
        return BucketClock(self.clock.grain).numbers((day + 1) * DAY - 1)


@dataclass(frozen=True)
class Panel:
    """Series of one grain on one spine.

    ``observed`` are the raw values; ``x`` those that are judged and learned from: NaN where excluded and, for
    series marked in ``empties`` (row counts), where the value is 0, because no rows is an empty bucket and not a small
    number. ``y`` is ``x`` on the judged scale. Columns from ``start`` on are judged. ``newest`` is the column of each
    series' newest closed bucket: what is empty after it has not been observed yet. ``origin`` is the number of the
    first column's bucket.
    """

    spans: Spans
    kinds: Codes
    observed: Matrix
    x: Matrix
    y: Matrix
    excluded: Mask
    empties: NDArray[np.bool_]
    start: int
    newest: NDArray[np.int64]
    origin: int
    history: History

    @property
    def is_closed(self) -> Mask:
        """Return the buckets that have been observed, empty or not."""
        return np.arange(self.observed.shape[1]) <= self.newest[:, None]

    def since(self, column: int) -> Panel:
        """Return the panel from a column on, no later than ``start``; a negative number is column 0."""
        first = max(0, min(column, self.start))
        return Panel(
            self.spans,
            self.kinds,
            self.observed[:, first:],
            self.x[:, first:],
            self.y[:, first:],
            self.excluded[:, first:],
            self.empties,
            self.start - first,
            self.newest - first,
            self.origin + first,
            self.history,
        )

    def rows(self, chosen: NDArray[np.int64]) -> Panel:
        """Return the panel of some of its series."""
        return Panel(
            self.spans,
            self.kinds[chosen],
            self.observed[chosen],
            self.x[chosen],
            self.y[chosen],
            self.excluded[chosen],
            self.empties[chosen],
            self.start,
            self.newest[chosen],
            self.origin,
            replace(self.history, edges=self.history.edges[chosen]),
        )


@dataclass(frozen=True)
class Forecast:
    """Forecasts of each bucket from the buckets before it, all on the judged scale."""

    expected: Matrix
    steady: Matrix
    profile: Matrix
    scale: Matrix
    count: NDArray[np.int64]  # past errors that the scale rests on
    sample: NDArray[np.int64]  # observed buckets among them
    age: NDArray[np.int64]  # buckets since the series' first observation, at most twice the choice window

    def since(self, column: int) -> Forecast:
        """Return the forecast from a column on."""
        return Forecast(*(getattr(self, part.name)[:, column:] for part in fields(self)))


def forecast(panel: Panel) -> Forecast:
    """Return one-step forecasts of every column from ``panel.start`` on, from earlier columns alone."""
    spans, y = panel.spans, panel.y
    first_error = max(0, panel.start - spans.errors)
    first_choice = max(0, first_error - spans.choice)
    first_level = max(0, first_choice - spans.steady)
    weekly, known = profile(y, spans.season, spans.cycles, first_level)
    candidates = [_around(y, weekly, spans, first_choice), _around(y, np.zeros_like(y), spans, first_choice)]
    weights = [1.0, 0.97]
    if spans.day > 1:
        daily, known = profile(y, spans.day, 3, first_level)
        candidates.append(_around(y, daily, spans, first_choice))
        weights.append(1.0)
    chosen = _choose(y, candidates, weights, spans, first_error)
    errors = y - chosen
    centre, low, first, last, high = _error_quantiles(errors, known, spans, panel.start)
    spread = np.maximum((last - first) / NORMAL_QUARTILES, 1.3 * (high - low) / NORMAL_DECILES)
    steady = rolling_median(y - weekly, spans.steady, start=panel.start) + weekly
    chosen = np.where(np.isfinite(chosen), chosen, steady)
    scale = np.maximum(spread, floor(chosen, panel.kinds))
    # An empty bucket of a row count is an observation, too.
    there = np.isfinite(panel.observed) & ~panel.excluded
    sample = rolling_count(there, spans.errors, start=panel.start)
    count = rolling_count(np.isfinite(errors), spans.errors, start=panel.start)
    return Forecast(chosen + centre, steady, weekly, scale, count, sample, _age(y, spans))


def profile(y: Matrix, cycle: int, least: int, start: int) -> tuple[Matrix, Mask]:
    """Return the distance of each slot of a cycle from the level around it, and where that is known.

    The distance is the median over the last eight cycles; 0 and not known with fewer than ``least``.
    """
    around = rolling_mean(y, cycle, lag=0, min_count=(cycle + 1) // 3)
    seasonal = lagged_quantile(y - around, [cycle * k for k in range(1, WEEKS + 1)], start=start, min_count=least)
    known = np.isfinite(seasonal)
    return np.where(known, seasonal, 0.0), known


def _error_quantiles(errors: Matrix, known: Mask, spans: Spans, start: int) -> list[Matrix]:
    """Return quantiles of past errors; errors older than the profile count only until there are enough others."""
    quantiles = (0.5, 0.1, 0.25, 0.75, 0.9)
    informed = np.where(known, errors, np.nan)
    enough = rolling_count(np.isfinite(informed), spans.errors, start=start) >= spans.season * 2 // max(1, spans.day)
    result = rolling_quantiles(informed, spans.errors, start=start, quantiles=quantiles)
    lacking = ~enough
    lacking[:, :start] = False
    rows = np.flatnonzero(lacking.any(axis=1))
    if len(rows):
        end = int(np.flatnonzero(lacking.any(axis=0))[-1]) + 1
        every = rolling_quantiles(errors[rows, :end], spans.errors, start=start, quantiles=quantiles)
        for part, all_errors in zip(result, every, strict=True):
            part[rows, :end] = np.where(lacking[rows, :end], all_errors, part[rows, :end])
    return result


def _age(y: Matrix, spans: Spans) -> NDArray[np.int64]:
    """Return the buckets since the first observation of the last two choice windows; a silent series starts anew."""
    columns = np.arange(y.shape[1])
    following = np.minimum.accumulate(np.where(np.isfinite(y), columns, y.shape[1])[:, ::-1], axis=1)[:, ::-1]
    age: NDArray[np.int64] = columns - following[:, np.maximum(columns - 2 * spans.choice, 0)]
    return np.maximum(age, 0)


def floor(expected: Matrix, kinds: Codes) -> Matrix:
    """Return the smallest credible spread: counts cannot be steadier than Poisson noise plus a little."""
    level = transforms.backward(expected, kinds)
    absolute = np.abs(expected)
    result = 1e-6 * absolute
    with np.errstate(invalid="ignore"):
        counts, rates, positives = (kinds == code for code in (transforms.COUNT, transforms.RATE, transforms.POSITIVE))
        result[counts] = 1.0 / np.sqrt(1.0 + 0.0025 * level[counts])
        result[rates] = 0.02
        result[positives] = 0.02 * absolute[positives]
    return np.maximum(result, 1e-12)


def point_score(panel: Panel, forecast: Forecast) -> Matrix:
    """Return the signed distance, in scales, from the nearer of both expectations; 0 between them."""
    with np.errstate(invalid="ignore"):
        above = panel.y - np.fmax(forecast.expected, forecast.steady)
        below = panel.y - np.fmin(forecast.expected, forecast.steady)
        return np.where(above > 0, above, np.where(below < 0, below, 0.0 * below)) / forecast.scale


def _around(y: Matrix, seasonal: Matrix, spans: Spans, start: int) -> Matrix:
    """Return the present level plus the profile; the slow level where too few recent buckets hold anything."""
    plain = y - seasonal
    level = rolling_median(plain, spans.level, start=start, min_count=(spans.level + 1) // 3)
    # In the first columns both windows hold the same buckets.
    rows = np.flatnonzero(np.isnan(level[:, max(start, spans.level) :]).any(axis=1))
    if len(rows):
        slow = rolling_median(plain[rows], spans.steady, start=start, min_count=2)
        level[rows] = np.where(np.isnan(level[rows]), slow, level[rows])
    return level + seasonal


def _choose(y: Matrix, candidates: list[Matrix], weights: list[float], spans: Spans, start: int) -> Matrix:
    """Return the forecast with the smaller past errors in each cell, by the mean of their square roots."""
    best = np.full(y.shape, np.nan)
    least = np.full(y.shape, np.inf)
    for candidate, weight in zip(candidates, weights, strict=True):
        cost = weight * rolling_mean(np.sqrt(np.abs(y - candidate)), spans.choice, start=start)
        cost = np.where(np.isfinite(candidate) & ~np.isfinite(cost), 1e300, cost)
        with np.errstate(invalid="ignore"):
            better = cost < least
        best = np.where(better, candidate, best)
        least = np.where(better, cost, least)
    best[:, :start] = np.nan
    return best
