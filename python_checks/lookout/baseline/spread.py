"""Spread of past forecast errors: what one unit of a score is worth in a series, in an hour of the day, at a level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lookout.baseline import transforms
from lookout.baseline.transforms import Codes
from lookout.baseline.windows import (
    Mask,
    Matrix,
    lagged_quantiles,
    rolling_count,
    rolling_extreme,
    rolling_quantiles,
)

if TYPE_CHECKING:
    from lookout.baseline.learned import Spans

NORMAL_QUARTILES = 1.349  # distance of the quartiles of a standard normal
NORMAL_DECILES = 2.563  # distance of its first and last decile
TAILS = 1.3  # price of tails heavier than normal
HOUR_DAYS = 21  # earlier days whose same hour has a spread of its own
HOUR_LEAST = 14  # errors that this spread needs
MEMORY = 28  # weeks in which the largest value is looked for
HOUR_PRICE = 1.1  # a spread read from so few errors is often too small
QUANTILES = (0.5, 0.1, 0.25, 0.75, 0.9)


def centre_and_spread(errors: Matrix, known: Mask, spans: Spans, start: int) -> tuple[Matrix, Matrix]:
    """Return the median of past errors and their standard deviation, both robust, for the columns from ``start`` on.

    Hours of the day differ in how far they can be foreseen, rush hours and nights for example. So the spread of a
    series with a daily cycle is that of the same hour, and of the one before, on the days before.
    """
    centre, *others = _error_quantiles(errors, known, spans, start)
    spread = _deviation(*others)
    if spans.day > 1:
        lags = [spans.day * day + before for day in range(1, HOUR_DAYS + 1) for before in (0, 1)]
        own = _deviation(*lagged_quantiles(errors, lags, start=start, quantiles=QUANTILES[1:], min_count=HOUR_LEAST))
        spread = np.where(np.isfinite(own), HOUR_PRICE * own, spread)
    return centre, spread


def relative_spread(errors: Matrix, expected: Matrix, y: Matrix, spans: Spans, start: int) -> Matrix:
    """Return the spread of past errors in proportion to what was expected, times what is expected now.

    For values without a scale of their own (kind real) that kept one sign within the window: sums and prices vary in
    proportion to their level. NaN where the sign changed.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = errors / np.abs(expected)
    spread = _deviation(*rolling_quantiles(ratio, spans.errors, start=start, quantiles=QUANTILES[1:], min_count=7))
    one_sign = (rolling_extreme(y, spans.errors, np.fmin) >= 0) | (rolling_extreme(y, spans.errors, np.fmax) <= 0)
    return np.where(one_sign, spread * np.abs(expected), np.nan)


def floor(expected: Matrix, y: Matrix, kinds: Codes, spans: Spans, start: int) -> Matrix:
    """Return the smallest credible spread: counts cannot be steadier than Poisson noise plus a little.

    Where a positive or a real number is usually 0, half of the largest value of late is one unit: two dry months say
    nothing about how much it rains.
    """
    level = transforms.backward(expected, kinds)
    absolute = np.abs(expected)
    result = 1e-6 * absolute
    with np.errstate(invalid="ignore"):
        counts, rates, positives = (kinds == code for code in (transforms.COUNT, transforms.RATE, transforms.POSITIVE))
        result[counts] = 1.0 / np.sqrt(1.0 + 0.0025 * level[counts])
        result[rates] = 0.02
        result[positives] = 0.02 * absolute[positives]
    rows = np.flatnonzero(~(counts | rates))
    largest = rolling_extreme(np.abs(y[rows]), MEMORY * spans.season, np.fmax)
    nearly = absolute[rows] <= 0.02 * largest
    result[rows] = np.where(nearly, np.fmax(result[rows], largest / 2.0), result[rows])
    result[:, :start] = np.nan
    return np.maximum(result, 1e-12)


def _deviation(low: Matrix, first: Matrix, last: Matrix, high: Matrix) -> Matrix:
    """Return the standard deviation from deciles and quartiles, the larger of both."""
    return np.fmax((last - first) / NORMAL_QUARTILES, TAILS * (high - low) / NORMAL_DECILES)


def _error_quantiles(errors: Matrix, known: Mask, spans: Spans, start: int) -> list[Matrix]:
    """Return quantiles of past errors; errors older than the profile count only until there are enough others."""
    informed = np.where(known, errors, np.nan)
    enough = rolling_count(np.isfinite(informed), spans.errors, start=start) >= spans.season * 2 // max(1, spans.day)
    result = rolling_quantiles(informed, spans.errors, start=start, quantiles=QUANTILES)
    lacking = ~enough
    lacking[:, :start] = False
    rows = np.flatnonzero(lacking.any(axis=1))
    if len(rows):
        end = int(np.flatnonzero(lacking.any(axis=0))[-1]) + 1
        every = rolling_quantiles(errors[rows, :end], spans.errors, start=start, quantiles=QUANTILES)
        for part, all_errors in zip(result, every, strict=True):
            part[rows, :end] = np.where(lacking[rows, :end], all_errors, part[rows, :end])
    return result
