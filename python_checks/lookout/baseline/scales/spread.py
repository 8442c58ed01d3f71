"""Spread of past forecast errors: what one unit of a score is worth in a series, in an hour of the day, at a level."""

from __future__ import annotations

import numpy as np

from lookout.baseline.scales import transforms
from lookout.baseline.scales.transforms import Codes
from lookout.baseline.windows import (
    Mask,
    Matrix,
    lagged_quantiles,
    rolling_count,
    rolling_extreme,
    rolling_quantiles,
)

NORMAL_QUARTILES = 1.349  # distance of the quartiles of a standard normal
NORMAL_DECILES = 2.563  # distance of its first and last decile
TAILS = 1.3  # price of tails heavier than normal
HOUR_DAYS = 21  # earlier days whose same hour has a spread of its own
HOUR_LEAST = 14  # errors that this spread needs
RARE = (0.01, 0.99)  # quantiles of all hours of these days
RARE_WIDTH = 4.653  # distance of these quantiles of a standard normal
RARE_WEIGHT = 0.6  # how much of that width every hour has at least: it rains now and then, and jams come
QUANTILES = (0.5, 0.1, 0.25, 0.75, 0.9)


def centre_and_spread(
    errors: Matrix, known: Mask, start: int, *, width: int, season: int, day: int
) -> tuple[Matrix, Matrix]:
    """Return the median of past errors and their standard deviation, both robust, for the columns from ``start`` on.

    Hours of the day differ in how far they can be foreseen, rush hours and nights for example. So the spread of a
    series with a daily cycle is that of the same hour, and of the one before, on the days before.
    """
    centre, *others = _error_quantiles(errors, known, start, width, 2 * season // max(1, day))
    spread = _deviation(*others)
    if day > 1:
        lags = [day * days + before for days in range(1, HOUR_DAYS + 1) for before in (0, 1)]
        own = _deviation(*lagged_quantiles(errors, lags, start=start, quantiles=QUANTILES[1:], min_count=HOUR_LEAST))
        spread = np.where(np.isfinite(own), own, spread)
        rare = rolling_quantiles(errors, HOUR_DAYS * day, start=start, quantiles=RARE, min_count=width)
        spread = np.fmax(spread, RARE_WEIGHT * (rare[1] - rare[0]) / RARE_WIDTH)
    return centre, spread


def relative_spread(errors: Matrix, expected: Matrix, y: Matrix, width: int, start: int) -> Matrix:
    """Return the spread of past errors in proportion to what was expected, times what is expected now.

    For values without a scale of their own (kind real) that kept one sign within the window: sums and prices vary in
    proportion to their level. NaN where the sign changed.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = errors / np.abs(expected)
    spread = _deviation(*rolling_quantiles(ratio, width, start=start, quantiles=QUANTILES[1:], min_count=7))
    one_sign = (rolling_extreme(y, width, np.fmin) >= 0) | (rolling_extreme(y, width, np.fmax) <= 0)
    return np.where(one_sign, spread * np.abs(expected), np.nan)


def least_spread(expected: Matrix, kinds: Codes) -> Matrix:
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


def floor(expected: Matrix, y: Matrix, kinds: Codes, memory: int) -> Matrix:
    """Return the smallest credible spread next to values of late, the largest of ``memory`` buckets.

    Where a positive or a real number is usually 0, half of that is one unit: two dry months say nothing about how much
    it rains.
    """
    result = least_spread(expected, kinds)
    rows = np.flatnonzero((kinds != transforms.COUNT) & (kinds != transforms.RATE))
    largest = rolling_extreme(np.abs(y[rows]), memory, np.fmax)
    nearly = np.abs(expected[rows]) <= 0.02 * largest
    result[rows] = np.where(nearly, np.fmax(result[rows], largest / 2.0), result[rows])
    return result


def _deviation(low: Matrix, first: Matrix, last: Matrix, high: Matrix) -> Matrix:
    """Return the standard deviation from deciles and quartiles, the larger of both."""
    return np.fmax((last - first) / NORMAL_QUARTILES, TAILS * (high - low) / NORMAL_DECILES)


def _error_quantiles(errors: Matrix, known: Mask, start: int, width: int, least: int) -> list[Matrix]:
    """Return quantiles of past errors; errors older than the profile count only until there are enough others."""
    informed = np.where(known, errors, np.nan)
    enough = rolling_count(np.isfinite(informed), width, start=start) >= least
    result = rolling_quantiles(informed, width, start=start, quantiles=QUANTILES)
    lacking = ~enough
    lacking[:, :start] = False
    rows = np.flatnonzero(lacking.any(axis=1))
    if len(rows):
        end = int(np.flatnonzero(lacking.any(axis=0))[-1]) + 1
        every = rolling_quantiles(errors[rows, :end], width, start=start, quantiles=QUANTILES)
        for part, all_errors in zip(result, every, strict=True):
            part[rows, :end] = np.where(lacking[rows, :end], all_errors, part[rows, :end])
    return result
