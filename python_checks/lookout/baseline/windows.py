"""Rolling order statistics over matrices of series (rows) by buckets (columns), with NaN for a missing value.

All functions return a matrix as wide as their input whose columns before ``start`` are NaN: a caller that needs the
newest buckets alone pays for those alone. Windows never reach the bucket itself unless ``lag`` is 0. Everything is
computed from the window's own values in a fixed order, so a score does not depend on how much older history is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Aliases without a shape: every Matrix is series by buckets.
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]

_CELLS = 1_000_000  # float64 cells sorted at a time: 8 MB
_FEW = 10  # up to so many values are sorted faster by comparing whole matrices


def shifted(values: Matrix, lag: int) -> Matrix:
    """Return ``values`` moved ``lag`` buckets later; NaN where nothing is that old."""
    moved = np.full(values.shape, np.nan)
    if lag < values.shape[1]:
        moved[:, lag:] = values[:, : values.shape[1] - lag]
    return moved


def rolling_quantiles(
    values: Matrix, width: int, *, lag: int = 1, start: int = 0, quantiles: Sequence[float] = (0.5,), min_count: int = 1
) -> list[Matrix]:
    """Return quantiles (linear interpolation) of the ``width`` buckets that end ``lag`` buckets before each column."""
    if width <= _FEW:
        return _lagged(values, range(lag, lag + width), start, quantiles, min_count)
    results = [np.full(values.shape, np.nan) for _ in quantiles]
    for rows, ordered in _sorted_windows(values, width, lag, start):
        for result, picked in zip(results, _pick(ordered, quantiles, min_count), strict=True):
            result[rows, start:] = picked
    return results


def rolling_median(values: Matrix, width: int, *, lag: int = 1, start: int = 0, min_count: int = 1) -> Matrix:
    """Return the median of the ``width`` buckets that end ``lag`` buckets before each column."""
    return rolling_quantiles(values, width, lag=lag, start=start, min_count=min_count)[0]


def lagged_quantile(
    values: Matrix, lags: Sequence[int], *, start: int = 0, quantile: float = 0.5, min_count: int = 1
) -> Matrix:
    """Return the quantile of the values at up to ten ``lags``: the same slot of earlier weeks."""
    return _lagged(values, lags, start, (quantile,), min_count)[0]


def lagged_quantiles(
    values: Matrix, lags: Sequence[int], *, start: int = 0, quantiles: Sequence[float] = (0.5,), min_count: int = 1
) -> list[Matrix]:
    """Return quantiles of the values at ``lags``, up to 60 of them: the same hour of earlier days."""
    return _lagged(values, lags, start, quantiles, min_count)


def rolling_extreme(values: Matrix, width: int, pick: np.ufunc, *, lag: int = 1) -> Matrix:
    """Return the least (``np.fmin``) or largest (``np.fmax``) of the ``width`` buckets that end ``lag`` before each."""
    result, reach = shifted(values, lag), 1
    while reach < width:
        hop = min(reach, width - reach)
        result = pick(result, shifted(result, hop))
        reach += hop
    return result


def rolling_huber(values: Matrix, width: int, *, start: int = 0, min_count: int = 1) -> Matrix:
    """Return the one-step Huber estimate of the level of the ``width`` buckets that end with each column.

    It is the mean with every value drawn in to at most 1.5 standard deviations from the median: nearly as sharp as the
    mean, and bad days hardly move it. The standard deviation is the median of those of this window and the three before
    it, each 1.4826 times the median absolute deviation.
    """
    spread_from = max(0, start - 3 * width)
    middle = rolling_median(values, width, lag=0, start=spread_from, min_count=min_count)
    away = [np.abs(part - middle[:, spread_from:]) for part in _parts(values, range(width), spread_from)]
    spread = np.full(values.shape, np.nan)
    spread[:, spread_from:] = _few(away, (0.5,), min_count)[0]
    limit = 1.5 * 1.4826 * lagged_quantile(spread, [width * k for k in range(4)], start=start)[:, start:]
    centre = middle[:, start:]
    total, count = np.zeros(centre.shape), np.zeros(centre.shape)
    for part in _parts(values, range(width), start):
        away_now = part - centre
        there = np.isfinite(away_now) & np.isfinite(limit)
        total += np.where(there, np.clip(away_now, -limit, limit), 0.0)
        count += there
    level = np.full(values.shape, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        level[:, start:] = np.where(count >= min_count, centre + total / count, np.nan)
    return level


def rolling_mean(values: Matrix, width: int, *, lag: int = 1, start: int = 0, min_count: int = 1) -> Matrix:
    """Return the mean of the values in the ``width`` buckets that end ``lag`` buckets before each column."""
    total, count = rolling_sum(values, width, lag=lag, start=start)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Matrix = np.where(count >= max(1, min_count), total / count, np.nan)
    return mean


def rolling_sum(values: Matrix, width: int, *, lag: int = 1, start: int = 0) -> tuple[Matrix, NDArray[np.int64]]:
    """Return the sum and the number of the values in the ``width`` buckets that end ``lag`` before each column.

    Summed bucket by bucket and not as a difference of running totals: rounding must not depend on older history.
    """
    total = np.zeros(values.shape)
    there = np.isfinite(values)
    filled = np.where(there, values, 0.0)
    for back in range(lag + width - 1, lag - 1, -1):
        begin = max(start, back)
        if begin < values.shape[1]:
            total[:, begin:] += filled[:, begin - back : values.shape[1] - back]
    return total, rolling_count(there, width, lag=lag, start=start)


def rolling_count(mask: Mask, width: int, *, lag: int = 1, start: int = 0) -> NDArray[np.int64]:
    """Count the true ones of the ``width`` buckets that end ``lag`` before each column; whole numbers, so exact."""
    rows, columns = mask.shape
    running = np.zeros((rows, columns + 1), dtype=np.int64)
    np.cumsum(mask, axis=1, out=running[:, 1:])
    column = np.arange(columns)
    end, begin = np.maximum(column - lag + 1, 0), np.maximum(column - lag - width + 1, 0)
    count: NDArray[np.int64] = running[:, end] - running[:, begin]
    count[:, :start] = 0
    return count


def _parts(values: Matrix, lags: Sequence[int], start: int) -> Iterator[Matrix]:
    """Yield, for each lag, the values that many buckets before the columns from ``start`` on."""
    columns = values.shape[1]
    for lag in lags:
        if lag <= start:
            yield values[:, start - lag : columns - lag]
            continue
        part = np.full((len(values), max(columns - start, 0)), np.nan)
        if lag < columns:
            part[:, lag - start :] = values[:, : columns - lag]
        yield part


def _lagged(
    values: Matrix, lags: Sequence[int], start: int, quantiles: Sequence[float], min_count: int
) -> list[Matrix]:
    results = [np.full(values.shape, np.nan) for _ in quantiles]
    if start < values.shape[1]:
        for result, picked in zip(results, _few(_parts(values, lags, start), quantiles, min_count), strict=True):
            result[:, start:] = picked
    return results


def _few(parts: Any, quantiles: Sequence[float], min_count: int) -> list[Matrix]:
    """Return quantiles across a few matrices, cell by cell.

    A sorting network orders the values of each cell; the rank then depends on how many the cell has.
    """
    lanes = [np.where(np.isfinite(part), part, np.inf) for part in parts]
    count = np.zeros(lanes[0].shape, dtype=np.int8)
    for lane in lanes:
        count += lane < np.inf
    spare = np.empty_like(lanes[0])
    for low, high in _network(len(lanes)):
        np.minimum(lanes[low], lanes[high], out=spare)
        np.maximum(lanes[low], lanes[high], out=lanes[high])
        lanes[low], spare = spare, lanes[low]
    results = [np.full(count.shape, np.nan) for _ in quantiles]
    for number in np.flatnonzero(np.bincount(count.ravel(), minlength=1)):
        if number < max(1, min_count):
            continue
        cells = count == number
        for result, quantile in zip(results, quantiles, strict=True):
            position = quantile * (number - 1)
            below = int(position)
            above = min(below + 1, int(number) - 1)
            if position == below:
                np.copyto(result, lanes[below], where=cells)
                continue
            with np.errstate(invalid="ignore"):
                between = lanes[below] + (lanes[above] - lanes[below]) * (position - below)
            np.copyto(result, between, where=cells)
    return results


@lru_cache(maxsize=32)
def _network(size: int) -> tuple[tuple[int, int], ...]:
    """Return the comparisons of Batcher's odd-even merge sort (Batcher 1968; Knuth volume 3, algorithm 5.2.2M)."""
    pairs = []
    p = 1
    while p < size:
        k = p
        while k >= 1:
            for j in range(k % p, size - k, 2 * k):
                for i in range(min(k, size - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        pairs.append((i + j, i + j + k))
            k //= 2
        p *= 2
    return tuple(pairs)


def _sorted_windows(values: Matrix, width: int, lag: int, start: int) -> Iterator[tuple[slice, Matrix]]:
    """Yield some rows at a time: the windows of columns ``start`` on, sorted, NaN last."""
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


def _pick(ordered: Matrix, quantiles: Sequence[float], min_count: int) -> list[Matrix]:
    """Return quantiles along the last axis of sorted values, NaN sorted last and not counted."""
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
