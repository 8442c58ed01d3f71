"""Rules for anomalies that a distance from an expectation misses: missing, stuck, changed constant, slow drift.

Matrices are series (rows) by judged buckets (columns, from ``Panel.start`` on); a score of 0 means that the rule has
nothing to say. Constants and their sources are in docs/detector.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookout.baseline import transforms
from lookout.baseline.learned import WEEKS, Forecast, Panel
from lookout.baseline.windows import (
    Mask,
    Matrix,
    lagged_quantile,
    rolling_count,
    rolling_huber,
    rolling_median,
    shifted,
)

MISS_WEEKS = 16  # how far back misses are remembered in daily series
MODE = 0.399  # sqrt(lambda) times the probability of the commonest value of a Poisson count
MOSTLY = 0.5  # chance from which a repeated count is the rule
# Steps in one direction, and how many units of a weekly level's difference each must have for a score of 3.
DRIFT_UNITS = {2: 1.8, 3: 0.8, 4: 0.4, 5: 0.2}
HUBER_VARIANCE = 1.06  # of the Huber estimate for normal numbers, relative to the mean
CONSTANT_LEAST = 13  # equal values that make a constant, and equal values wanted for each departure
ALIVE_WEEKS = 4  # a series that was silent for longer starts anew


@dataclass(frozen=True)
class Slots:
    """History of each bucket's slot.

    ``usual``: the slot is usually filled. ``misses``: runs of misses before the present one. ``seen`` and ``known``: in
    how many of the last eight weeks the slot was filled, and in how many the series was alive. ``regular``: any slot of
    the last week is usually filled.
    """

    usual: Mask
    misses: Matrix
    seen: NDArray[np.int8]
    known: NDArray[np.int8]
    regular: Mask


def slots(panel: Panel) -> Slots:
    """Find the buckets that should hold something, judged by the same slot of the last eight weeks."""
    spans, start = panel.spans, panel.start
    present = np.isfinite(panel.y)
    columns = np.arange(present.shape[1])
    newest = np.maximum.accumulate(np.where(present, columns, -1), axis=1)
    seen, known = _history(present, panel)
    usual: Mask = (seen >= 2) & (2 * seen >= known)
    miss = ~present & ~panel.excluded & usual
    # A run of misses starts with the first miss after a filled bucket.
    position = np.cumsum(miss, axis=1)
    filled = newest >= 0
    at_newest = np.take_along_axis(position, np.maximum(newest, 0), axis=1) * filled
    total = np.cumsum(miss & (position == at_newest + 1), axis=1)
    before = np.take_along_axis(total, np.maximum(newest, 0), axis=1) * filled
    window = MISS_WEEKS * spans.season if spans.day == 1 else spans.errors
    older = np.zeros_like(total)
    older[:, window + 1 :] = total[:, : max(0, total.shape[1] - window - 1)]
    misses = np.maximum(before - older, 0)[:, start:].astype(np.float64)
    regular = rolling_count(usual, spans.season, lag=0, start=start)[:, start:] > 0
    return Slots(usual[:, start:], misses, seen[:, start:], known[:, start:], regular)


def irregular(panel: Panel, ages: NDArray[np.bool_]) -> tuple[Mask, Mask]:
    """Return the judged buckets before which no slot of a week mostly held something, and those that hold nothing.

    In buckets that are both, nobody can tell whether something is missing: all that is learned is the cycle of a week.
    ``ages`` marks the series whose values are ages in seconds: what is older than its bucket is wide says that nothing
    came.
    """
    spans = panel.spans
    width = 86_400.0 / spans.day
    with np.errstate(invalid="ignore"):
        filled = np.where(ages[:, None], panel.observed <= width, np.isfinite(panel.x))
    seen, known = _history(filled, panel)
    mostly = (seen >= 2) & (2 * seen > known)
    regular = rolling_count(mostly, spans.season, lag=0, start=panel.start) > 0
    return ~regular[:, panel.start :], (~filled & ~panel.excluded & panel.is_closed)[:, panel.start :]


def usual_silence(panel: Panel, ages: NDArray[np.bool_]) -> Mask:
    """Return the judged buckets of rarely filled tables that hold nothing, for no longer than happened before.

    Only series that ``ages`` marks have any: their values are ages in seconds.
    """
    age = np.where(np.isfinite(panel.observed), panel.observed, 0.0)
    filled = np.isfinite(panel.observed) & (panel.observed <= 86_400.0 / panel.spans.day)
    newest = np.maximum.accumulate(np.where(filled, np.arange(age.shape[1]), 0), axis=1)
    longest = np.take_along_axis(np.maximum.accumulate(age, axis=1), newest, axis=1)
    rare, silent = irregular(panel, ages)
    return rare & silent & (age <= longest)[:, panel.start :] & ages[:, None]


def _history(present: Mask, panel: Panel) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return in how many of the last eight weeks each slot was filled, and in how many the series was alive."""
    spans = panel.spans
    columns = np.arange(present.shape[1])
    newest = np.maximum.accumulate(np.where(present, columns, -1), axis=1)
    alive = (newest >= 0) & (columns - newest < ALIVE_WEEKS * spans.season) & panel.is_closed
    seen, known = (np.zeros(present.shape, dtype=np.int8) for _ in range(2))
    for lag in range(spans.season, WEEKS * spans.season + 1, spans.season):
        if lag < present.shape[1]:
            seen[:, lag:] += present[:, :-lag]
            known[:, lag:] += alive[:, :-lag]
    return seen, known


def missing_score(panel: Panel, slots: Slots) -> Matrix:
    """Return -6 for an empty bucket in a slot that is usually filled, less where that has happened before.

    A run of misses keeps the score of its first: an outage does not turn normal by lasting.
    """
    now = panel.since(panel.start)
    miss = ~np.isfinite(now.y) & ~now.excluded & slots.usual
    return np.where(miss, -6.0 / (1.0 + 0.9 * slots.misses), 0.0)


def stuck_score(panel: Panel) -> tuple[Matrix, Matrix]:
    """Return the score of a value that repeats, and how many times in a row it has been seen.

    The score is ``.75 sqrt(-2 r ln p)``: r repeats of something that happens by chance with probability p each.
    """
    width = panel.spans.errors - 8
    panel = panel.since(panel.start - panel.spans.errors - 10)
    x, start = panel.x, panel.start
    there = np.isfinite(x)
    pair, equal = np.zeros_like(there), np.zeros_like(there)
    pair[:, 1:] = there[:, 1:] & there[:, :-1]
    equal[:, 1:] = pair[:, 1:] & (x[:, 1:] == x[:, :-1])
    columns = np.arange(x.shape[1])
    # Unequal neighbours end a run; missing buckets do too.
    broken = np.maximum.accumulate(np.where(equal, -1, columns), axis=1)
    repeats = np.minimum(np.where(equal, columns - broken, 0), panel.spans.errors)[:, start:].astype(np.float64)
    same = rolling_count(equal, width, lag=9, start=start)[:, start:]
    pairs = rolling_count(pair, width, lag=9, start=start)[:, start:]
    value = x[:, start:]
    chance = (same + 0.5) / (pairs + 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        commonest = np.fmax(chance, MODE / np.sqrt(np.maximum(value, 0.0)))
        chance = np.where((panel.kinds == transforms.COUNT)[:, None], commonest, chance)
        # A rate that stays at 0 or 1 says that nothing is wrong.
        chance = np.where((panel.kinds == transforms.RATE)[:, None] & ((value == 0.0) | (value == 1.0)), 1.0, chance)
        # A count that mostly repeats is not stuck when it does: 50 of 50 tests, three stations times 24 reports.
        chance = np.where((panel.kinds == transforms.COUNT)[:, None] & (chance > MOSTLY), 1.0, chance)
        score = 0.75 * np.sqrt(-2.0 * repeats * np.log(np.minimum(chance, 1.0)))
    known = (repeats > 0) & (pairs >= 7) & np.isfinite(score)
    return np.where(known, score, 0.0), repeats + 1.0


def constant_score(panel: Panel) -> tuple[Matrix, Matrix]:
    """Return the score of a departure from a nearly constant value, and that value; NaN where there is none.

    Earlier departures count once each, however long they lasted; a return to the constant is not a departure.
    """
    width = panel.spans.errors
    panel = panel.since(panel.start - width)
    columns = np.arange(panel.x.shape[1])
    there = np.isfinite(panel.x)
    newest = np.maximum.accumulate(np.where(there, columns, 0), axis=1)
    filled = np.take_along_axis(panel.x, newest, axis=1)
    equal = np.zeros_like(there)
    equal[:, 1:] = there[:, 1:] & (panel.x[:, 1:] == filled[:, :-1])
    # Only series with this many equal neighbours can be constant; most are none.
    few = rolling_count(equal, width, start=panel.start)[:, panel.start :] < CONSTANT_LEAST - 3
    rows = np.flatnonzero(~few.all(axis=1))
    score, value = np.zeros(few.shape), np.full(few.shape, np.nan)
    if len(rows):
        score[rows], value[rows] = _constant(panel.x[rows], panel.start, width)
    return score, value


def _constant(x: Matrix, start: int, width: int) -> tuple[Matrix, Matrix]:
    usual = rolling_median(x, width, start=start, min_count=CONSTANT_LEAST)[:, start:]
    same, count, departures = (np.zeros(usual.shape, dtype=np.int16) for _ in range(3))
    off = np.zeros(usual.shape, dtype=bool)
    for back in range(min(width, x.shape[1] - 1), 0, -1):
        begin = max(start, back)
        then, now = x[:, begin - back : x.shape[1] - back], slice(begin - start, None)
        there = np.isfinite(then)
        differs = there & (then != usual[:, now])
        same[:, now] += there & ~differs
        count[:, now] += there
        departures[:, now] += differs & ~off[:, now]
        off[:, now] = np.where(there, differs, off[:, now])
    rare = (departures <= same / CONSTANT_LEAST) & (same >= 0.75 * count)
    constant = (same >= CONSTANT_LEAST) & rare & (usual != 0) & np.isfinite(usual)
    return np.where(constant, 6.0 / (1.0 + 0.5 * departures), 0.0), np.where(constant, usual, np.nan)


def drift_score(panel: Panel, forecast: Forecast) -> tuple[Matrix, Matrix, NDArray[np.int64]]:
    """Return the score of two to five weekly steps in one direction, the newest step (judged scale), and their number.

    Daily series only: an hourly one is watched for drift on its daily roll-up.

    A step counts as far as it exceeds the usual weekly step of the weeks before. Steps of a drift are alike: one that
    towers over the others is a change of level, which the point score sees. And a drift that goes on has its newest
    value beyond last week's level.
    """
    if panel.spans.day > 1:
        zero = np.zeros(panel.since(panel.start).y.shape)
        return zero, zero, zero.astype(np.int64)
    longest = max(DRIFT_UNITS)
    week = panel.spans.season
    first = max(0, panel.start - (WEEKS + 6 + longest) * week)
    start = panel.start - first
    plain = panel.y[:, first:] - forecast.profile[:, first:]
    scale = forecast.scale[:, panel.start :]
    level = rolling_huber(plain, week, start=max(0, start - (WEEKS + 2 + longest) * week), min_count=week // 2 + 1)
    past = shifted(level, week)
    step = level - past
    usual_from = max(0, start - longest * week)
    usual = lagged_quantile(step, [week * k for k in range(3, WEEKS + 3)], start=usual_from, min_count=3)
    with np.errstate(invalid="ignore"):
        excess = step - usual
        moving = np.sign(excess) * np.fmin(1.5 * np.abs(step), np.abs(excess)) * (step * excess > 0)
        unit = scale * np.sqrt(2.0 * HUBER_VARIANCE / week)
        ahead = (plain - past)[:, start:]
        score, weeks = np.zeros(ahead.shape), np.zeros(ahead.shape, dtype=np.int64)
        for count, units in DRIFT_UNITS.items():
            steps = np.stack([shifted(moving, week * k)[:, start:] for k in range(count)])
            sizes = np.abs(steps)
            least = sizes.min(axis=0)
            one_way = np.abs(np.sign(steps).sum(axis=0) + np.sign(ahead)) == count + 1
            alike = sizes.max(axis=0) <= 2.0 * least + unit
            size = np.where(one_way & alike, least / unit * (3.0 / units), 0.0)
            weeks = np.where(size > 0, count, weeks)
            score = np.fmax(score, size)
        newest = moving[:, start:]
        return np.where(score > 0, score * np.sign(newest), 0.0), newest, weeks
