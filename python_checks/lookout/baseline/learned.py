"""The learned method: a robust one-step forecast, the spread of its own past errors, and a score from both.

Sources and the reasoning behind every constant are in docs/detector.md. Matrices are series (rows) by buckets
(columns) on the judged scale, NaN where there is no value. Columns before ``Panel.start`` are context: results there
are undefined.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.scales import transforms
from lookout.baseline.scales.spread import HOUR_DAYS, centre_and_spread, floor, relative_spread
from lookout.baseline.scales.transforms import RATE, REAL, Codes
from lookout.baseline.spans import Spans
from lookout.baseline.windows import (
    Mask,
    Matrix,
    lagged_quantile,
    rolling_count,
    rolling_mean,
    rolling_median,
    shifted,
)
from lookout.project.declarations.grain import BucketClock

WEEKS = 8
DAY = 86_400_000_000_000  # nanoseconds
MEMORY = (28, 8)  # weeks in which the largest value, or a 0, is looked for, of days and of shorter buckets
DRIFT_WEEKS = (20, 0)  # weeks of profiles that the rule for drift reads, of days and of shorter buckets
FARTHEST = 99.0  # where nothing ever varied, the distance in spreads says nothing
CARRIED = 0.4  # share of an hour's error that one of the forecasts carries into the next


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
        return replace(
            self,
            observed=self.observed[:, first:],
            x=self.x[:, first:],
            y=self.y[:, first:],
            excluded=self.excluded[:, first:],
            start=self.start - first,
            newest=self.newest - first,
            origin=self.origin + first,
        )

    def rows(self, chosen: NDArray[np.int64]) -> Panel:
        """Return the panel of some of its series."""
        by_series = ("kinds", "observed", "x", "y", "excluded", "empties", "newest")
        parts = {name: getattr(self, name)[chosen] for name in by_series}
        return replace(self, **parts, history=replace(self.history, edges=self.history.edges[chosen]))


@dataclass(frozen=True)
class Forecast:
    """Forecasts of each bucket from the buckets before it, all on the judged scale."""

    expected: Matrix
    steady: Matrix
    older: Matrix
    profile: Matrix
    scale: Matrix
    count: NDArray[np.int64]  # past errors that the scale rests on
    sample: NDArray[np.int64]  # observed buckets among them
    age: NDArray[np.int64]  # buckets since the series' first observation, at most twice the choice window

    def since(self, column: int) -> Forecast:
        """Return the forecast from a column on."""
        return Forecast(*(getattr(self, part.name)[:, column:] for part in fields(self)))

    @property
    def low(self) -> Matrix:
        """Return the lowest of the levels."""
        lowest: Matrix = np.fmin(np.fmin(self.expected, self.steady), self.older)
        return lowest

    @property
    def high(self) -> Matrix:
        """Return the highest of the levels."""
        highest: Matrix = np.fmax(np.fmax(self.expected, self.steady), self.older)
        return highest


def forecast(panel: Panel) -> Forecast:
    """Return one-step forecasts of every column from ``panel.start`` on, from earlier columns alone."""
    spans, y, start = panel.spans, panel.y, panel.start
    first_error = max(0, start - max(spans.errors, HOUR_DAYS * spans.day + 1))
    # Drift looks at weekly levels of the last twenty weeks.
    first_level = max(0, min(first_error - spans.choice - 1 - spans.steady, start - DRIFT_WEEKS[spans.day > 1] * 7))
    weekly, known = profile(y, spans.season, spans.cycles, first_level)
    chosen, known = _best(y, weekly, known, spans, first_error)
    errors = y - chosen
    centre, spread = centre_and_spread(errors, known, start, width=spans.errors, season=spans.season, day=spans.day)
    steady = rolling_median(y - weekly, spans.steady, start=start) + weekly
    chosen = np.where(np.isfinite(chosen), chosen, steady)
    reals = np.flatnonzero(panel.kinds == REAL)
    if len(reals):
        relative = relative_spread(errors[reals], chosen[reals], y[reals], spans.errors, start)
        spread[reals] = np.fmax(spread[reals], relative)
    scale = np.maximum(spread, floor(chosen, y, panel.kinds, MEMORY[spans.day > 1] * spans.season))
    # An empty bucket of a row count is an observation, too.
    there = np.isfinite(panel.observed) & ~panel.excluded
    sample = rolling_count(there, spans.errors, start=start)
    count = rolling_count(np.isfinite(errors), spans.errors, start=start)
    return Forecast(chosen + centre, steady, _older(panel, weekly, scale), weekly, scale, count, sample, _age(y, spans))


def _older(panel: Panel, weekly: Matrix, scale: Matrix) -> Matrix:
    """Return the level before the slow one, of daily rates and reals where it was steady for two months; else NaN.

    After a fault of weeks, both other levels are those of the fault, and what comes back is no news.
    """
    spans = panel.spans
    older = np.full(weekly.shape, np.nan)
    rows = np.flatnonzero((panel.kinds == RATE) | (panel.kinds == REAL))
    if spans.day == 1 and len(rows):
        plain, width = panel.y[rows] - weekly[rows], spans.steady
        near, far = (
            rolling_median(plain, width, lag=lag, start=panel.start, min_count=width // 2)
            for lag in (width + 1, 2 * width + 1)
        )
        with np.errstate(invalid="ignore"):
            older[rows] = np.where(np.abs(near - far) <= scale[rows], weekly[rows] + (near + far) / 2.0, np.nan)
    return older


def _best(y: Matrix, weekly: Matrix, known: Mask, spans: Spans, start: int) -> tuple[Matrix, Mask]:
    """Return the forecast with the smaller past errors, and where the profile behind it is known."""
    first_choice = max(0, start - spans.choice)
    first = max(0, first_choice - 1)
    candidates = [_around(y, weekly, spans, first), _around(y, np.zeros_like(y), spans, first)]
    weights = [1.0, 0.97]
    if spans.day > 1:
        daily, known = profile(y, spans.day, 3, max(0, first - spans.steady))
        candidates.append(_around(y, daily, spans, first))
        # Rain and traffic jams outlast an hour.
        seasonal = (candidates[0], candidates[2])
        candidates += [part + CARRIED * np.nan_to_num(shifted(y - part, 1)) for part in seasonal]
        weights += [1.0] * 3
    return _choose(y, candidates, weights, spans, start), known


def profile(y: Matrix, cycle: int, least: int, start: int) -> tuple[Matrix, Mask]:
    """Return the distance of each slot of a cycle from the level around it, and where that is known.

    The distance is the median over the last eight cycles; 0 and not known with fewer than ``least``.
    """
    around = rolling_mean(y, cycle, lag=0, min_count=(cycle + 1) // 3)
    seasonal = lagged_quantile(y - around, [cycle * k for k in range(1, WEEKS + 1)], start=start, min_count=least)
    known = np.isfinite(seasonal)
    return np.where(known, seasonal, 0.0), known


def _age(y: Matrix, spans: Spans) -> NDArray[np.int64]:
    """Return the buckets since the first observation of the last two choice windows; a silent series starts anew."""
    columns = np.arange(y.shape[1])
    following = np.minimum.accumulate(np.where(np.isfinite(y), columns, y.shape[1])[:, ::-1], axis=1)[:, ::-1]
    age: NDArray[np.int64] = columns - following[:, np.maximum(columns - 2 * spans.choice, 0)]
    return np.maximum(age, 0)


def point_score(panel: Panel, forecast: Forecast) -> Matrix:
    """Return the signed distance, in scales and at most ``FARTHEST``, from the nearest level; 0 between them."""
    with np.errstate(invalid="ignore"):
        above = panel.y - forecast.high
        below = panel.y - forecast.low
        score = np.where(above > 0, above, np.where(below < 0, below, 0.0 * below)) / forecast.scale
    return np.clip(score, -FARTHEST, FARTHEST)


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


def by_length(panel: Panel, forecast: Forecast, lengths: NDArray[np.float64]) -> Forecast:
    """Return the forecast of counts with that of longer and shorter days and months between both that may be usual.

    A day of 23 hours may have a 23rd less rows, or as many as ever.
    """
    odd = (panel.kinds == transforms.COUNT)[:, None] & (np.abs(lengths - 1.0) > 1e-9)
    if not odd.any():
        return forecast
    usual = transforms.backward(forecast.expected, panel.kinds)
    scaled = transforms.forward(usual * lengths, panel.kinds)
    levels = (forecast.expected, forecast.steady, scaled)
    low, high = np.fmin.reduce(levels), np.fmax.reduce(levels)
    return replace(
        forecast,
        expected=np.where(odd, np.where(lengths < 1.0, low, high), forecast.expected),
        steady=np.where(odd, np.where(lengths < 1.0, high, low), forecast.steady),
    )
