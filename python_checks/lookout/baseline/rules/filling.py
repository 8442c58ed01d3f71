"""Buckets that should hold something, and those that are empty although they should."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.learned import MEMORY, WEEKS, Forecast, Panel
from lookout.baseline.scales import transforms
from lookout.baseline.windows import (
    Mask,
    Matrix,
    lagged_quantile,
    rolling_count,
    rolling_extreme,
    rolling_median,
    rolling_quantiles,
)

MISS_WEEKS = 16  # how far back misses are remembered in daily series
ALIVE_WEEKS = 4  # a series that was silent for longer starts anew
HOLIDAY_WEEKS = 2  # so much of a silence counts as misses of its slots
PRIOR_MISSES, PRIOR_SLOTS = 0.05, 5.0  # one miss in a hundred slots, with the weight of five
FORGIVEN = 0.25  # share of a slot's weeks that may be empty without making that its habit
RARE = 0.02  # chance of a miss at which it scores 3: two gaps in 16 weeks are rarer, three are not
AWAY = 0.25  # share of their median that real numbers must have kept between themselves and 0
RARE_ZERO = 0.025  # the same for a value of 0, whose chance is rather overrated


@dataclass(frozen=True)
class Slots:
    """History of each bucket's slot.

    ``usual``: the slot is usually filled. ``chance``: how likely it is to be empty all the same, by what came before
    the present run of misses. ``owed``: a miss since the newest filled bucket. ``seen`` and ``known``: in how many of
    the last eight weeks the slot was filled, and in how many the series was alive. ``regular``: any slot of the last
    week is usually filled.
    """

    usual: Mask
    chance: Matrix
    owed: Mask
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
    # A run of misses starts with the first miss after a filled bucket and counts once: a week of holidays is one gap.
    position = np.cumsum(miss, axis=1)
    filled = newest >= 0
    at_newest = np.take_along_axis(position, np.maximum(newest, 0), axis=1) * filled
    first = miss & (position == at_newest + 1)
    window = MISS_WEEKS * spans.season if spans.day == 1 else spans.errors
    runs, due = (_until_newest(part, newest, window) for part in (first, first | (present & usual)))
    # Two misses of a slot in eight weeks may be chance or a holiday; more are its own habit. A silence of weeks is one.
    weeks = _history(present, panel, HOLIDAY_WEEKS)[1]
    # The present silence is no habit.
    weeks = weeks - np.minimum(np.maximum(columns - newest - 1, 0) // spans.season, HOLIDAY_WEEKS)
    habit = (weeks - seen) / np.maximum(weeks, 1) - FORGIVEN
    # The present run leaves fewer slots in the window; that says nothing about them.
    due = due * window / np.maximum(window - (columns - newest - 1), window / 4)
    chance = np.maximum(np.maximum(runs - 0.5, PRIOR_MISSES) / (due + PRIOR_SLOTS), habit)[:, start:]
    owed = np.zeros_like(miss)
    owed[:, 1:] = (position > at_newest)[:, :-1]
    regular = rolling_count(usual, spans.season, lag=0, start=start)[:, start:] > 0
    return Slots(usual[:, start:], chance, owed[:, start:], seen[:, start:], known[:, start:], regular)


def irregular(panel: Panel, ages: NDArray[np.bool_]) -> tuple[Mask, Mask]:
    """Return the judged buckets before which at most one slot of a week mostly held something, and empty ones.

    In buckets that are both, slots do not say whether something is missing; the rhythm of loads may. ``ages`` marks the
    series whose values are ages in seconds: what is older than its bucket is wide says that nothing came.
    """
    spans = panel.spans
    width = panel.history.seconds
    with np.errstate(invalid="ignore"):
        filled = np.where(ages[:, None], panel.observed <= width, np.isfinite(panel.x))
    seen, known = _history(filled, panel)
    # By more than one, so that every other week is not taken for most weeks.
    mostly = (seen >= 2) & (2 * seen > known + 1)
    # One slot a week says less than the loads themselves do; a grain without a cycle has only one.
    regular = rolling_count(mostly, spans.season, lag=0, start=panel.start) >= min(2, spans.season)
    return ~regular[:, panel.start :], (~filled & ~panel.excluded & panel.is_closed)[:, panel.start :]


def without_outages(panel: Panel, ages: NDArray[np.bool_]) -> Panel:
    """Return the panel to learn from: without the ages of a silence from the bucket on in which rows were due.

    What nobody wants to see again is not learned as usual. ``ages`` marks the series whose values are ages.
    """
    rows = np.flatnonzero(ages)
    width = panel.history.seconds
    with np.errstate(invalid="ignore"):
        silent = panel.observed[rows] > width
    rows, silent = rows[silent.any(axis=1)], silent[silent.any(axis=1)]
    if not len(rows):
        return panel
    filled = np.isfinite(panel.y[rows]) & ~silent
    seen, known = _history(filled, panel.rows(rows))
    due = (seen >= 2) & (2 * seen > known + 1) & silent & ~panel.excluded[rows]
    columns = np.arange(filled.shape[1])
    newest = np.maximum.accumulate(np.where(filled, columns, -1), axis=1)
    missed = np.maximum.accumulate(np.where(due, columns, -1), axis=1)
    y = panel.y.copy()
    y[rows] = np.where(silent & (missed > newest), np.nan, y[rows])
    return replace(panel, y=y)


def _history(present: Mask, panel: Panel, weeks: int = ALIVE_WEEKS) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return in how many of the last eight weeks each slot was filled, and in how many the series was alive.

    A series that was silent for more than some ``weeks`` is not alive.
    """
    spans = panel.spans
    columns = np.arange(present.shape[1])
    newest = np.maximum.accumulate(np.where(present, columns, -1), axis=1)
    alive = (newest >= 0) & (columns - newest < weeks * spans.season) & panel.is_closed
    seen, known = (np.zeros(present.shape, dtype=np.int8) for _ in range(2))
    for lag in range(spans.season, WEEKS * spans.season + 1, spans.season):
        if lag < present.shape[1]:
            seen[:, lag:] += present[:, :-lag]
            known[:, lag:] += alive[:, :-lag]
    return seen, known


def missing_score(panel: Panel, slots: Slots, natural: Matrix) -> Matrix:
    """Return a score down to -6 for an empty bucket in a slot that is usually filled, by how rare that is.

    ``natural`` is the chance that a count of its size is 0. A run of misses keeps the score of its first: an outage
    does not turn normal by lasting.
    """
    now = panel.since(panel.start)
    miss = ~np.isfinite(now.y) & ~now.excluded & slots.usual
    return np.where(miss, -score_of(np.fmax(slots.chance, natural)), 0.0)


def zero_score(panel: Panel, ages: NDArray[np.bool_], natural: Matrix) -> Matrix:
    """Return a score down to -6 for a value of 0 where that is as rare as a missing bucket.

    The same chance as for an empty bucket, with 0 for empty. Other numbers than counts may pass 0 on their way: they
    must have been on one side of it for eight weeks [a week], and 0 is nearly as likely as any value that repeats.
    """
    start, kinds = panel.start, panel.kinds
    zero = panel.x == 0.0
    score = np.zeros((len(zero), zero.shape[1] - start))
    rows = np.flatnonzero(zero[:, start:].any(axis=1) & (kinds != transforms.RATE) & ~ages)
    if not len(rows):
        return score
    mine = panel.rows(rows)
    x = np.where(zero[rows], np.nan, mine.x)
    mine = replace(mine, x=x, y=np.where(zero[rows], np.nan, mine.y))
    found = slots(mine)
    chance = np.fmax(np.fmax(found.chance, natural[rows]), _share(zero[rows], mine))
    other = np.flatnonzero(kinds[rows] != transforms.COUNT)
    if len(other):
        chance[other] = np.maximum(chance[other], _passing(x[other], panel.spans.errors, start))
        chance[other] = np.fmin(chance[other], _never_before(panel.rows(rows[other])))
    score[rows] = np.where(zero[rows, start:] & found.usual, -score_of(chance, RARE_ZERO), 0.0)
    return score


def _share(zero: Mask, panel: Panel) -> Matrix:
    """Return the share of zeros in the window, up to the newest other value: the present run does not count."""
    there = np.isfinite(panel.x)
    newest = np.maximum.accumulate(np.where(there, np.arange(there.shape[1]), -1), axis=1)
    zeros, others = (_until_newest(marks, newest, panel.spans.errors) for marks in (zero, there))
    result: Matrix = (zeros / np.maximum(zeros + others, 1.0))[:, panel.start :]
    return result


def natural_zero(expected: Matrix, scale: Matrix, panel: Panel) -> Matrix:
    """Return the chance that a count is 0 by itself, from its expectation and its spread in Poisson deviations.

    A negative binomial count with that mean and s squared times its variance, or a Poisson count with the median of
    the slot where that is likelier; 0 for other kinds.
    """
    chance = np.zeros(expected.shape)
    rows = np.flatnonzero(panel.kinds == transforms.COUNT)
    lags = [panel.spans.season * k for k in range(1, WEEKS + 1)]
    slot = lagged_quantile(panel.x[rows], lags, start=panel.start)[:, panel.start :]
    with np.errstate(invalid="ignore", divide="ignore"):
        wide = np.maximum(scale[rows], 1.001) ** 2
        chance[rows] = np.fmax(np.exp(-expected[rows] * np.log(wide) / (wide - 1.0)), np.exp(-slot))
    return np.nan_to_num(chance)


def _passing(x: Matrix, width: int, start: int) -> Matrix:
    """Return the chance of 0 in a series that may pass it.

    It is as large as the share of values on the other side of it, and as half the chance that two neighbours are equal:
    0 lies at the edge of what was seen, where values are less dense than usual.
    """
    above, below, there = (rolling_count(marks, width, start=start) for marks in (x > 0, x < 0, np.isfinite(x)))
    pair, equal = np.zeros(x.shape, dtype=bool), np.zeros(x.shape, dtype=bool)
    pair[:, 1:] = np.isfinite(x[:, 1:]) & np.isfinite(x[:, :-1])
    equal[:, 1:] = pair[:, 1:] & (x[:, 1:] == x[:, :-1])
    same, pairs = (rolling_count(marks, width, start=start) for marks in (equal, pair))
    across = np.minimum(above, below) / np.maximum(there, 1.0)
    result: Matrix = np.maximum(across, 0.5 * same / np.maximum(pairs, 1.0))[:, start:]
    return result


def _never_before(panel: Panel) -> Matrix:
    """Return the chance of a 0 where half a year [eight weeks] of values held none, nor one below it; NaN elsewhere.

    A real number may be on its way to 0, so those of late must have kept away from it.
    """
    spans, start = panel.spans, panel.start
    width = MEMORY[spans.day > 1] * spans.season
    seen = rolling_count(np.isfinite(panel.x), width, start=start)[:, start:]
    lowest = rolling_extreme(panel.x, width, np.fmin)[:, start:]
    with np.errstate(invalid="ignore"):
        is_new = (lowest > 0) & (seen >= spans.errors)
        away = rolling_extreme(panel.x, spans.errors, np.fmin) >= AWAY * rolling_median(
            panel.x, spans.errors, start=start
        )
        is_new &= away[:, start:] | (panel.kinds == transforms.POSITIVE)[:, None]
        return np.where(is_new, 0.5 / (seen + 1.0), np.nan)


def score_of(chance: Matrix, rare: float = RARE) -> Matrix:
    """Return the score of an event of a known chance: 3 where it is as rare as one in fifty, at most 6."""
    result: Matrix = np.minimum(6.0, 3.0 * np.log(np.clip(chance, 1e-9, 1.0)) / np.log(rare))
    return result


def _until_newest(marks: Mask, newest: NDArray[np.int64], window: int) -> Matrix:
    """Return how many of the ``window`` buckets before each column are marked, up to the newest filled one."""
    total = np.cumsum(marks, axis=1)
    there = np.take_along_axis(total, np.maximum(newest, 0), axis=1) * (newest >= 0)
    older = np.zeros_like(total)
    older[:, window + 1 :] = total[:, : max(0, total.shape[1] - window - 1)]
    result: Matrix = np.maximum(there - older, 0).astype(np.float64)
    return result


def with_empty_slots(panel: Panel, forecast: Forecast, slots: Slots) -> tuple[Forecast, Mask]:
    """Return the forecast with that of row counts in slots that are empty as a rule, and where those are.

    There 0 is expected, and the most rows seen before is the steady level.

    One unit of score is a sixth of the way, on the judged scale, from nothing to what filled buckets usually hold.
    """
    empty = panel.empties[:, None] & ~slots.usual & (slots.known >= 2)
    if not empty.any():
        return forecast, empty
    spans, start, kinds = panel.spans, panel.start, panel.kinds
    nothing = transforms.forward(np.zeros((len(kinds), 1)), kinds)
    filled = np.where(np.isfinite(panel.y) | panel.excluded | ~panel.is_closed, panel.y, nothing)
    lags = [spans.season * k for k in range(1, WEEKS + 1)]
    most = np.fmax(lagged_quantile(filled, lags, start=start, quantile=1.0)[:, start:], nothing)
    any_size = ~slots.regular | slots.owed
    irregular = np.flatnonzero((empty & any_size).any(axis=1))
    if len(irregular):
        # A table that is filled now and then has no slots, and a late load may come in any: its largest load of late is
        # what may come.
        largest = rolling_quantiles(filled[irregular], spans.errors, start=start, quantiles=(1.0,))[0][:, start:]
        most[irregular] = np.where(any_size[irregular], np.fmax(most[irregular], largest), most[irregular])
    typical = rolling_median(panel.y, spans.steady, start=start)[:, start:]
    unit = np.fmax(1.0, (typical - nothing) / 6.0)
    return (
        replace(
            forecast,
            expected=np.where(empty, nothing, forecast.expected),
            steady=np.where(empty, np.fmax(most, nothing), forecast.steady),
            older=np.where(empty, np.nan, forecast.older),
            scale=np.where(empty, unit, forecast.scale),
        ),
        empty,
    )
