"""Rules for what a distance from an expectation misses: nothing came, nothing moves, a constant moved, slow drift.

Matrices are series (rows) by buckets (columns); a score of 0 means that the rule has nothing to say. Constants and
their sources are in docs/detector.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from python_checks.baseline import transforms
from python_checks.baseline.learned import WEEKS, Forecast, Panel
from python_checks.baseline.windows import Mask, Matrix, lagged_quantile, rolling_count, rolling_median, shifted

ALIVE_WEEKS = 4  # a series that was silent for longer starts anew


@dataclass(frozen=True)
class Slots:
    """Per bucket: whether it is usually filled, how many misses lie before the present run of misses, and in how many
    of the last eight weeks the same slot was filled (``seen``) while the series was alive (``known``)."""

    usual: Mask
    misses: Matrix
    seen: Matrix
    known: Matrix


def slots(panel: Panel) -> Slots:
    """Which buckets should hold something, judged by the same slot of the last eight weeks."""
    spans = panel.spans
    present = np.isfinite(panel.y)
    columns = np.arange(present.shape[1])
    newest = np.maximum.accumulate(np.where(present, columns, -1), axis=1)
    alive = np.where((newest >= 0) & (columns - newest < ALIVE_WEEKS * spans.season), 1.0, 0.0)
    seen, known = np.zeros(present.shape), np.zeros(present.shape)
    for week in range(1, WEEKS + 1):
        lag = spans.season * week
        seen += shifted(np.where(present, 1.0, 0.0), lag) > 0
        known += shifted(alive, lag) > 0
    usual: Mask = (seen >= 2) & (2 * seen >= known)
    miss = ~present & ~panel.excluded & usual
    total = np.cumsum(miss, axis=1)
    window = spans.errors
    older = np.concatenate([np.zeros((len(total), window + 1)), total], axis=1)[:, : total.shape[1]]
    at_newest = np.take_along_axis(total, np.maximum(newest, 0), axis=1) * (newest >= 0)
    return Slots(usual, np.maximum(at_newest - older, 0.0), seen, known)


def missing_score(panel: Panel, slots: Slots) -> Matrix:
    """-6 for an empty bucket in a slot that is usually filled, less where that has happened before.

    A run of misses keeps the score of its first: an outage does not turn normal by lasting.
    """
    miss = ~np.isfinite(panel.y) & ~panel.excluded & slots.usual
    return np.where(miss, -6.0 / (1.0 + 0.9 * slots.misses), 0.0)


def stuck_score(panel: Panel) -> tuple[Matrix, Matrix]:
    """Score of a value that repeats, and how many times in a row it has been seen.

    ``.75 sqrt(-2 r ln p)``: r repeats of something that happens by chance with probability p each.
    """
    x, start = panel.x, panel.start
    with np.errstate(invalid="ignore"):
        pair = np.isfinite(x) & np.isfinite(shifted(x, 1))
        equal = pair & (x == shifted(x, 1))
    columns = np.arange(x.shape[1])
    # Unequal neighbours end a run; missing buckets do too.
    broken = np.maximum.accumulate(np.where(equal, -1, columns), axis=1)
    repeats = np.minimum(np.where(equal, columns - broken, 0), panel.spans.errors).astype(np.float64)
    width = panel.spans.errors - 8
    same = rolling_count(equal, width, lag=9, start=start)
    pairs = rolling_count(pair, width, lag=9, start=start)
    chance = (same + 0.5) / (pairs + 1.0)
    counts = (panel.kinds == transforms.COUNT)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        poisson = 0.282 / np.sqrt(np.maximum(x, 0.0))
        chance = np.where(counts, np.fmax(chance, poisson), chance)
        score = 0.75 * np.sqrt(-2.0 * repeats * np.log(np.minimum(chance, 1.0)))
    known = pairs >= 7
    return np.where((repeats > 0) & known & np.isfinite(score), score, 0.0), repeats + 1.0


def constant_score(panel: Panel) -> tuple[Matrix, Matrix]:
    """Score of any change of a series that had none, and the value it had; NaN where the series is not constant."""
    x, start, width = panel.x, panel.start, panel.spans.errors
    with np.errstate(invalid="ignore"):
        before = last_observed(x, width)
        changed = np.isfinite(x) & np.isfinite(before) & (x != before)
    changes = rolling_count(changed, width, start=start)
    pairs = rolling_count(np.isfinite(x) & np.isfinite(before), width, start=start)
    with np.errstate(invalid="ignore"):
        constant = (changes <= 1) & (pairs >= 13) & (before != 0) & np.isfinite(before)
    score = np.where(constant, 6.0 / np.sqrt(1.0 + 3.0 * changes), 0.0)
    return score, np.where(constant, before, np.nan)


def last_observed(x: Matrix, age: int) -> Matrix:
    """The newest value before each bucket that is at most ``age`` buckets old."""
    columns = np.arange(x.shape[1])
    newest = np.maximum.accumulate(np.where(np.isfinite(x), columns, -1), axis=1)
    fresh = (newest >= 0) & (columns - newest < age)
    return shifted(np.where(fresh, np.take_along_axis(x, np.maximum(newest, 0), axis=1), np.nan), 1)


def drift_score(panel: Panel, forecast: Forecast) -> tuple[Matrix, Matrix]:
    """Score of two or three weekly steps in one direction, and the step per week on the judged scale."""
    zero = np.zeros(panel.y.shape)
    if panel.spans.day > 1:
        return zero, zero
    week = panel.spans.season
    start = panel.start
    level = rolling_median(
        panel.y - forecast.profile, week, lag=0, start=max(0, start - (WEEKS + 3) * week), min_count=4
    )
    step = level - shifted(level, week)
    usual = lagged_quantile(step, [week * k for k in range(3, WEEKS + 3)], start=start, min_count=3)
    steps = [shifted(step, week * k) - usual for k in range(3)]
    unit = forecast.scale * np.sqrt(3.14 / week)
    score = zero
    for count, weight in ((2, 3.0 / 2.2), (3, 3.0 / 1.0)):
        part = np.stack(steps[:count])
        with np.errstate(invalid="ignore"):
            one_way = (part > 0).all(axis=0) | (part < 0).all(axis=0)
            size = np.abs(part).min(axis=0) / unit * weight
        score = np.where(one_way & np.isfinite(size), np.fmax(score, size), score)
    with np.errstate(invalid="ignore"):
        sign = np.sign(steps[0])
    return np.where(score > 0, score * sign, 0.0), steps[0]
