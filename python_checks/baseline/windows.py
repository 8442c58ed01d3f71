"""Rolling order statistics over matrices of series (rows) by buckets (columns), with NaN for "nothing there".

All functions return a matrix as wide as their input whose columns before ``start`` are NaN: a caller that needs the
newest buckets alone pays for those alone. Windows never reach the bucket itself unless ``lag`` is 0. Everything is
computed from the window's own values in a fixed order, so a score does not depend on how much older history is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]

_CELLS = 4_000_000  # float64 cells sorted at a time: 32 MB


def shifted(values: Matrix, lag: int) -> Matrix:
    """``values`` moved ``lag`` buckets later; NaN where nothing is that old."""
    moved = np.full_like(values, np.nan)
    if lag < values.shape[1]:
        moved[:, lag:] = values[:, : values.shape[1] - lag]
    return moved


def rolling_quantiles(
    values: Matrix, width: int, *, lag: int = 1, start: int = 0, quantiles: Sequence[float] = (0.5,), min_count: int = 1
) -> list[Matrix]:
    """Quantiles (linear interpolation) of the ``width`` buckets that end ``lag`` buckets before each column."""
    results = [np.full(values.shape, np.nan) for _ in quantiles]
    for rows, ordered in _sorted_windows(values, width, lag, start):
        for result, picked in zip(results, _pick(ordered, quantiles, min_count), strict=True):
            result[rows, start:] = picked
    return results


def rolling_huber(values: Matrix, width: int, *, start: int = 0, min_count: int = 1) -> Matrix:
    """One-step Huber estimate of the level of the ``width`` buckets that end with each column.

    The mean with every value drawn in to at most 1.5 standard deviations from the median: nearly as sharp as the mean,
    and bad days hardly move it. The standard deviation is the median of those of this window and the three before it,
    each 1.4826 times the median absolute deviation.
    """
    spread_from = max(0, start - 3 * width)
    middle = np.full(values.shape, np.nan)
    spread = np.full(values.shape, np.nan)
    for rows, ordered in _sorted_windows(values, width, 0, spread_from):
        middle[rows, spread_from:] = _pick(ordered, (0.5,), min_count)[0]
        away = np.abs(ordered - middle[rows, spread_from:, None])
        spread[rows, spread_from:] = _pick(np.sort(away, axis=2), (0.5,), min_count)[0]
    limit = 1.5 * 1.4826 * lagged_quantile(spread, [width * k for k in range(4)], start=start)
    total, count = np.zeros(values.shape), np.zeros(values.shape)
    for back in range(width):
        away = shifted(values, back) - middle
        there = np.isfinite(away) & np.isfinite(limit)
        total += np.where(there, np.clip(away, -limit, limit), 0.0)
        count += there
    with np.errstate(invalid="ignore", divide="ignore"):
        level: Matrix = np.where(count >= min_count, middle + total / count, np.nan)
    return level


def _sorted_windows(values: Matrix, width: int, lag: int, start: int) -> Iterator[tuple[slice, Matrix]]:
    """Some rows at a time: the windows of columns ``start`` on, sorted, NaN last."""
    rows, columns = values.shape
    if start >= columns:
        return
    first = start - lag - width + 1
    source = values[:, max(first, 0) : max(columns - lag, 0)]
    padding = columns - start + width - 1 - source.shape[1]
    padded = np.concatenate([np.full((rows, padding), np.nan), source], axis=1)
    step = max(1, _CELLS // max(1, (columns - start) * width))
    for begin in range(0, rows, step):
        part = slice(begin, begin + step)
        yield part, np.sort(sliding_window_view(padded[part], width, axis=1), axis=2)


def rolling_median(values: Matrix, width: int, *, lag: int = 1, start: int = 0, min_count: int = 1) -> Matrix:
    """Median of the ``width`` buckets that end ``lag`` buckets before each column."""
    return rolling_quantiles(values, width, lag=lag, start=start, min_count=min_count)[0]


def lagged_quantile(
    values: Matrix, lags: Sequence[int], *, start: int = 0, quantile: float = 0.5, min_count: int = 1
) -> Matrix:
    """Quantile of the values at the given ``lags``: the same slot of earlier weeks."""
    rows, columns = values.shape
    result = np.full((rows, columns), np.nan)
    if start >= columns:
        return result
    stack = np.stack([shifted(values, lag)[:, start:] for lag in lags], axis=2)
    stack.sort(axis=2)
    result[:, start:] = _pick(stack, (quantile,), min_count)[0]
    return result


def rolling_mean(values: Matrix, width: int, *, lag: int = 1, start: int = 0, min_count: int = 1) -> Matrix:
    """Mean of what is there among the ``width`` buckets that end ``lag`` buckets before each column."""
    total, count = rolling_sum(values, width, lag=lag, start=start)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Matrix = np.where(count >= max(1, min_count), total / count, np.nan)
    return mean


def rolling_sum(values: Matrix, width: int, *, lag: int = 1, start: int = 0) -> tuple[Matrix, Matrix]:
    """Sum of what is there among the ``width`` buckets that end ``lag`` before each column, and how many those are.

    Summed bucket by bucket and not as a difference of running totals: rounding must not depend on older history.
    """
    rows, columns = values.shape
    total = np.zeros((rows, columns))
    count = np.zeros((rows, columns))
    there = np.isfinite(values)
    filled = np.where(there, values, 0.0)
    for back in range(lag + width - 1, lag - 1, -1):
        begin = max(start, back)
        if begin < columns:
            total[:, begin:] += filled[:, begin - back : columns - back]
            count[:, begin:] += there[:, begin - back : columns - back]
    return total, count


def rolling_count(mask: Mask, width: int, *, lag: int = 1, start: int = 0) -> Matrix:
    """How many of the ``width`` buckets that end ``lag`` before each column are true."""
    return rolling_sum(np.where(mask, 1.0, 0.0), width, lag=lag, start=start)[0]


def _pick(ordered: Matrix, quantiles: Sequence[float], min_count: int) -> list[Matrix]:
    """Quantiles along the last axis of sorted values, NaN sorted last and not counted."""
    count = np.isfinite(ordered).sum(axis=2)
    enough = count >= max(1, min_count)
    picked = []
    for quantile in quantiles:
        position = quantile * np.maximum(count - 1, 0)
        below = np.floor(position).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        low = np.take_along_axis(ordered, below[:, :, None], axis=2)[:, :, 0]
        high = np.take_along_axis(ordered, above[:, :, None], axis=2)[:, :, 0]
        with np.errstate(invalid="ignore"):
            value = low + (high - low) * (position - below)
        picked.append(np.where(enough, value, np.nan))
    return picked
