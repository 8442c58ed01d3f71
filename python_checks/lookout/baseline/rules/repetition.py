"""Values that repeat although they should vary, and values that vary although they never did."""

from __future__ import annotations

import numpy as np

from lookout.baseline.learned import Panel
from lookout.baseline.scales import transforms
from lookout.baseline.windows import Mask, Matrix, rolling_count, rolling_extreme, rolling_median, shifted

MODE = 0.399  # sqrt(lambda) times the probability of the commonest value of a Poisson count
MOSTLY = 0.5  # chance from which a repeated count is the rule
FULL_LEAST = 3  # times that a largest value came before
CONSTANT_LEAST = 13  # equal values that make a constant, and equal values wanted for each departure


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
        # Nothing, and nothing again: no rain, no waiting.
        chance = np.where((panel.kinds == transforms.POSITIVE)[:, None] & (value == 0.0), 1.0, chance)
        # A count that mostly repeats is not stuck when it does: 50 of 50 tests, three stations times 24 reports.
        chance = np.where((panel.kinds == transforms.COUNT)[:, None] & (chance > MOSTLY), 1.0, chance)
        score = 0.75 * np.sqrt(-2.0 * repeats * np.log(np.minimum(chance, 1.0)))
    known = (repeats > 0) & (pairs >= 7) & np.isfinite(score)
    score = np.where(known, score, 0.0)
    rows = np.flatnonzero((panel.kinds == transforms.COUNT) & (score > 1.0).any(axis=1))
    if len(rows):
        is_full = _is_full(x[rows], repeats[rows], start, width + 8) & (score[rows] > 1.0)
        score[rows] = np.where(is_full, 0.0, score[rows])
    return score, repeats + 1.0


def _is_full(x: Matrix, repeats: Matrix, start: int, width: int) -> Mask:
    """Return where a run holds the largest value of late, which came before the run, too: 24 of 24 reports."""
    value = x[:, start:]
    largest = rolling_extreme(x, width, np.fmax)[:, start:]
    seen = np.zeros(value.shape)
    for back in range(1, width + 1):
        with np.errstate(invalid="ignore"):
            seen += (shifted(x, back)[:, start:] == value) & (back > repeats)
    return (value >= largest) & (seen >= FULL_LEAST)


def constant_score(panel: Panel) -> tuple[Matrix, Matrix, Mask]:
    """Return the score of a departure from a nearly constant value, that value (NaN: none), and whether it is lasting.

    It is lasting where the two buckets before differ from the constant already.

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
    score, value, lasting = np.zeros(few.shape), np.full(few.shape, np.nan), np.zeros(few.shape, dtype=bool)
    if len(rows):
        score[rows], value[rows] = _constant(panel.x[rows], panel.start, width)
        before = [shifted(panel.x[rows], back)[:, panel.start :] for back in (1, 2)]
        lasting[rows] = np.logical_and(*(np.isfinite(part) & (part != value[rows]) for part in before))
    return score, value, lasting


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
