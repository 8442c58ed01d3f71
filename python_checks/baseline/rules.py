"""Rules for what a distance from an expectation misses: nothing came, nothing moves, a constant moved, slow drift.

Matrices are series (rows) by buckets (columns); a score of 0 means that the rule has nothing to say. Constants and
their sources are in docs/detector.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from python_checks.baseline import transforms
from python_checks.baseline.learned import WEEKS, Forecast, Panel
from python_checks.baseline.windows import Mask, Matrix, lagged_quantile, rolling_count, rolling_median, rolling_huber, shifted

MISS_WEEKS = 16  # how far back misses are remembered in daily series
MODE = 0.399  # sqrt(lambda) times the probability of the commonest value of a Poisson count
# Steps in one direction, and how many units of a weekly level's difference each must have for a score of 3.
DRIFT_UNITS = {2: 2.0, 3: 0.9, 4: 0.45, 5: 0.22}
HUBER_VARIANCE = 1.06  # of the Huber estimate for normal numbers, relative to the mean
CONSTANT_LEAST = 13  # equal values that make a constant, and equal values wanted for each departure
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
    # A run of misses starts with the first miss after a filled bucket.
    position = np.cumsum(miss, axis=1)
    at_newest = np.take_along_axis(position, np.maximum(newest, 0), axis=1) * (newest >= 0)
    begins = miss & (position == at_newest + 1)
    total = np.cumsum(begins, axis=1)
    window = MISS_WEEKS * spans.season if spans.day == 1 else spans.errors
    older = np.concatenate([np.zeros((len(total), window + 1)), total], axis=1)[:, : total.shape[1]]
    before = np.take_along_axis(total, np.maximum(newest, 0), axis=1) * (newest >= 0)
    return Slots(usual, np.maximum(before - older, 0.0), seen, known)


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
        chance = np.where(counts, np.fmax(chance, MODE / np.sqrt(np.maximum(x, 0.0))), chance)
        # Nothing wrong is what a rate of 0 or 1 that stays there says.
        chance = np.where((panel.kinds == transforms.RATE)[:, None] & ((x == 0.0) | (x == 1.0)), 1.0, chance)
        score = 0.75 * np.sqrt(-2.0 * repeats * np.log(np.minimum(chance, 1.0)))
    known = pairs >= 7
    return np.where((repeats > 0) & known & np.isfinite(score), score, 0.0), repeats + 1.0


def constant_score(panel: Panel) -> tuple[Matrix, Matrix]:
    """Score of a departure from a value that a series nearly always had, and that value; NaN where there is none.

    Departures before are counted once each, however long they lasted; the way back is none.
    """
    x, start, width = panel.x, panel.start, panel.spans.errors
    usual = rolling_median(x, width, start=max(0, start - 1), min_count=CONSTANT_LEAST)
    there = np.isfinite(x)
    same, count, off, departures = (np.zeros(x.shape) for _ in range(4))
    for back in range(1, width + 1):
        begin = max(start, back)
        if begin >= x.shape[1]:
            break
        now, then = slice(begin, None), slice(begin - back, x.shape[1] - back)
        with np.errstate(invalid="ignore"):
            differs = there[:, then] & (x[:, then] != usual[:, now])
        same[:, now] += there[:, then] & ~differs
        count[:, now] += there[:, then]
        departures[:, now] += differs & (off[:, now] == 0)
        off[:, now] = np.where(there[:, then], differs, off[:, now])
    with np.errstate(invalid="ignore"):
        rare = (departures <= same / CONSTANT_LEAST) & (same >= 0.75 * count)
        constant = (same >= CONSTANT_LEAST) & rare & (usual != 0)
    score = np.where(constant, 6.0 / (1.0 + 0.5 * departures), 0.0)
    return score, np.where(constant, usual, np.nan)


def drift_score(panel: Panel, forecast: Forecast) -> tuple[Matrix, Matrix]:
    """Score of two to five weekly steps in one direction, and the newest step on the judged scale. Daily series only.

    A step counts as far as it exceeds the usual weekly step of the weeks before. Steps of a drift are alike: one that
    towers over the others is a change of level, which the point score sees. And a drift that goes on has its newest
    value beyond last week's level.
    """
    zero = np.zeros(panel.y.shape)
    if panel.spans.day > 1:
        return zero, zero
    week, start = panel.spans.season, panel.start
    longest = max(DRIFT_UNITS)
    plain = panel.y - forecast.profile
    level = rolling_huber(plain, week, start=max(0, start - (WEEKS + 2 + longest) * week), min_count=week // 2 + 1)
    past = shifted(level, week)
    step = level - past
    usual_from = max(0, start - longest * week)
    usual = lagged_quantile(step, [week * k for k in range(3, WEEKS + 3)], start=usual_from, min_count=3)
    with np.errstate(invalid="ignore"):
        excess = step - usual
        moving = np.sign(excess) * np.fmin(1.5 * np.abs(step), np.abs(excess)) * (step * excess > 0)
        unit = forecast.scale * np.sqrt(2.0 * HUBER_VARIANCE / week)
        ahead = plain - past
        score = zero
        for count, units in DRIFT_UNITS.items():
            steps = np.stack([shifted(moving, week * k) for k in range(count)])
            sizes = np.abs(steps)
            least = sizes.min(axis=0)
            one_way = np.abs(np.sign(steps).sum(axis=0) + np.sign(ahead)) == count + 1
            alike = sizes.max(axis=0) <= 2.0 * least + unit
            size = np.where(one_way & alike, least / unit * (3.0 / units), 0.0)
            score = np.fmax(score, size)
        return np.where(score > 0, score * np.sign(moving), 0.0), moving
