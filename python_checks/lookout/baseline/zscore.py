"""Plain statistics for people who ask for them: mean and sample standard deviation of the buckets before.

Where the slots of a cycle separate clearly the statistics are those of the same weekday (daily), or of the same hour
of the day or of the week (hourly). A bucket is never part of its own statistics.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from lookout.baseline.learned import WEEKS, Panel
from lookout.baseline.scales import transforms
from lookout.baseline.windows import Matrix, rolling_sum

CONSTANT_SCORE = 6.0
SEPARATES = 0.5  # share of the variance that may be left within the slots
MIN_SLOT = 4


@dataclass(frozen=True)
class Statistics:
    """Mean, sample standard deviation and count of what each bucket is compared with; ``zeros`` among them.

    ``history`` counts the whole window, whatever slot is used.
    """

    mean: Matrix
    deviation: Matrix
    count: Matrix
    zeros: Matrix
    history: Matrix

    def since(self, column: int) -> Statistics:
        """Return the statistics from a column on."""
        return Statistics(*(getattr(self, part.name)[:, column:] for part in fields(self)))


def zero_filled(panel: Panel, window: int) -> Matrix:
    """Return observed values, 0 in the missing buckets of counts from the first observed to the newest closed one.

    A series that was silent for more than a whole window starts anew with its next value.
    """
    x = np.where(panel.excluded, np.nan, panel.observed)
    columns = np.arange(x.shape[1])
    newest = np.maximum.accumulate(np.where(np.isfinite(x), columns, -1), axis=1)
    alive = (newest >= 0) & (columns - newest <= window) & panel.is_closed
    fill = ~np.isfinite(x) & ~panel.excluded & alive & (panel.kinds == transforms.COUNT)[:, None]
    return np.where(fill, 0.0, x)


def statistics(panel: Panel, x: Matrix, window: int, own_window: bool) -> Statistics:
    """Return the statistics that each column from ``panel.start`` on is compared with; ``window`` in buckets."""
    start, season = panel.start, panel.spans.season
    result = _over(x, range(1, window + 1), start)
    reach = window if own_window else max(window, WEEKS * season)
    cycles = [cycle for cycle in (panel.spans.day, season) if cycle > 1]
    if panel.spans.folds > 1:
        # Weeks of parts of an hour are too long to add up for each bucket.
        cycles = []
    history = result.history
    left: Matrix | None = None
    for cycle in cycles:
        depth = reach // cycle if cycle == season else window // cycle
        if depth < MIN_SLOT:
            continue
        lags = range(cycle, cycle * min(depth, 2 * WEEKS) + 1, cycle)
        slot = _over(x, lags, start)
        variance = _over(x, range(1, lags[-1] + 1), start).deviation ** 2 if left is None else left
        within = _within(x, lags, cycle, start)
        with np.errstate(invalid="ignore"):
            better = (slot.count >= MIN_SLOT) & (variance > 0) & (within <= SEPARATES * variance)
        left = np.where(better, within, variance)
        mean, deviation, count, zeros = (
            np.where(better, new, old) for new, old in zip(_parts(slot), _parts(result), strict=True)
        )
        result = Statistics(mean, deviation, count, zeros, history)
    return result


def score(x: Matrix, plain: Statistics) -> Matrix:
    """Return the signed z-score; a change of a constant is +-6; NaN where there is nothing to compare."""
    with np.errstate(invalid="ignore", divide="ignore"):
        away = x - plain.mean
        z = np.where(plain.deviation > 0, away / plain.deviation, np.sign(away) * CONSTANT_SCORE)
    return np.where(np.isfinite(plain.deviation), z, np.nan)


def _parts(plain: Statistics) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    return plain.mean, plain.deviation, plain.count, plain.zeros


def _over(x: Matrix, lags: range, start: int) -> Statistics:
    """Return statistics of the values at the given lags, in two passes so that large levels lose no digits."""
    there = np.isfinite(x)
    filled = np.where(there, x, 0.0)
    total, count, zeros, squares = (np.zeros(x.shape) for _ in range(4))
    for lag in lags:
        begin = max(start, lag)
        if begin < x.shape[1]:
            part = slice(begin - lag, x.shape[1] - lag)
            total[:, begin:] += filled[:, part]
            count[:, begin:] += there[:, part]
            zeros[:, begin:] += there[:, part] & (filled[:, part] == 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
        for lag in lags:
            begin = max(start, lag)
            if begin < x.shape[1]:
                part = slice(begin - lag, x.shape[1] - lag)
                squares[:, begin:] += np.where(there[:, part], (filled[:, part] - mean[:, begin:]) ** 2, 0.0)
        deviation = np.where(count > 1, np.sqrt(squares / (count - 1)), np.nan)
    # Rounding of the mean of equal numbers is no variation.
    deviation = np.where(deviation <= 1e-9 * np.abs(mean), 0.0, deviation)
    return Statistics(mean, deviation, count, zeros, count)


def _within(x: Matrix, lags: range, cycle: int, start: int) -> Matrix:
    """Return the variance left within the slots of a cycle, pooled over them (one-way analysis of variance)."""
    columns = x.shape[1]
    # Column t of the extended matrix holds the slot of bucket t; the slots known at t are those of t .. t + cycle - 1.
    slot = _over(np.concatenate([x, np.full((len(x), cycle), np.nan)], axis=1), lags, start)
    known = slot.count > 1
    squares, _ = rolling_sum(np.where(known, slot.deviation**2 * (slot.count - 1), 0.0), cycle, lag=0, start=start)
    freedom, _ = rolling_sum(np.where(known, slot.count - 1, 0.0), cycle, lag=0, start=start)
    squares, freedom = (part[:, cycle - 1 : cycle - 1 + columns] for part in (squares, freedom))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(freedom >= MIN_SLOT - 1, squares / freedom, np.nan)
