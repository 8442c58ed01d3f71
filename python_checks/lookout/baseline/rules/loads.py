"""Tables that are loaded more rarely than every week: when the next load is due, and how large it usually is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.learned import History, Panel
from lookout.baseline.rules import filling, rhythm
from lookout.baseline.rules.rhythm import LEAST, Integers, Rhythm
from lookout.baseline.scales import transforms
from lookout.baseline.scales.spread import least_spread
from lookout.baseline.settings import is_filled
from lookout.baseline.windows import Mask, Matrix

FILLED = 40  # newest filled buckets that a rhythm is learned from
STARTS = 13  # and the newest loads among them; a load that goes on for days begins once
DENSE = 14  # filled buckets whose gaps say enough without four separate loads
STEADY = 28  # of them one after another make a table that is filled all the time
WINDOW_DAYS = 735  # how far before the newest load others count
SILENCE_DAYS = 365  # a table without a load for longer starts anew
RARE_DAYS = WINDOW_DAYS + SILENCE_DAYS
OLD_DAYS = 28  # from then on a rhythm is looked for: earlier nobody can tell the cycle of a week from none
LOOSE = 0.25  # cost of a rhythm from which gaps count beside it
ALLOWED_MISSES = 1  # loads of the window that may have been left out without making that a habit
_BEFORE = np.iinfo(np.int64).min // 4


@dataclass(frozen=True)
class States:
    """What was known after some loads, one row each: ``load`` is the bucket of the newest, ``begun`` the day it began.

    ``is_due`` says that the next load is expected on the day ``due`` by a rhythm, else by the longest gap. ``limit`` is
    the bucket whose end without a load makes the next one overdue, ``score`` how unusual that is, and ``gap`` the
    longest time between two loads, in buckets. ``needed`` loads are wanted before anything is said. ``centre``,
    ``spread`` and ``most`` describe the sizes of loads on the judged scale, NaN with fewer than four.
    """

    load: Integers
    begun: Integers
    age: Matrix
    limit: Integers
    due: Integers
    is_due: Mask
    score: Matrix
    gap: Integers
    needed: Integers
    centre: Matrix
    spread: Matrix
    most: Matrix
    rhythm: Rhythm


@dataclass(frozen=True)
class Rare:
    """Judged buckets of tables that are loaded rarely: ``rare`` marks them and ``silent`` those without a load.

    ``young`` are the silent ones of tables so young that they may be any. ``state`` is the row of ``states`` that holds
    in each marked bucket, -1 without an earlier load.
    """

    rare: Mask
    silent: Mask
    young: Mask
    state: Integers
    states: States

    def of(self, name: str, default: float) -> NDArray[Any]:
        """Return a column of the states for every judged bucket."""
        values = getattr(self.states, name)
        if not len(values):
            return np.full(self.rare.shape, default)
        return np.where(self.state >= 0, values[np.maximum(self.state, 0)], default)


def rare_loads(panel: Panel, ages: NDArray[np.bool_]) -> Rare:
    """Find the judged buckets of rarely loaded tables and what the loads before each of them say.

    ``ages`` marks the series whose values are the age of the newest row.
    """
    irregular, silent = filling.irregular(panel, ages)
    rare = irregular & _may_be_old(panel)
    history = panel.history
    rows = np.flatnonzero(rare.any(axis=1))
    state = np.full(rare.shape, -1, dtype=np.int64)
    row, bucket, value, excluded = _filled(panel, ages, rows)
    numbers = panel.origin + panel.start + np.arange(rare.shape[1])
    key = (row << 40) + bucket
    newest = np.searchsorted(key, (rows[:, None] << 40) + numbers) - 1
    known = newest >= 0
    known[known] = row[newest[known]] == np.broadcast_to(rows[:, None], known.shape)[known]
    days = history.days(numbers)[None, :]
    # What is older is not read where the newest bucket alone is judged.
    # Of series that never held anything there is no newest load.
    silence = days - history.days((bucket if len(bucket) else numbers[:1])[np.maximum(newest, 0)])
    known[known] = silence[known] <= RARE_DAYS
    is_old = known.copy()
    known[known] = silence[known] <= SILENCE_DAYS
    if len(row):
        oldest = np.maximum(newest - FILLED, np.searchsorted(row, rows)[:, None])
        is_old &= ~known | (days - history.days(bucket[np.clip(oldest, 0, len(row) - 1)]) >= OLD_DAYS)
        before = numbers - int(OLD_DAYS * 86_400 // history.seconds)
        at = np.maximum(np.searchsorted(key, (rows[:, None] << 40) + before + 1) - 1, 0)
        is_old |= known & (row[at] == rows[:, None]) & (days - history.days(bucket[at]) <= 2 * OLD_DAYS)
        rare[rows] &= is_old
    known &= rare[rows]
    wanted, place = np.unique(newest[known], return_inverse=True)
    part = np.full(known.shape, -1, dtype=np.int64)
    part[known] = place
    state[rows] = part
    y = np.full(len(value), np.nan)
    for kind in np.unique(panel.kinds[rows]):
        mine = panel.kinds[row] == kind
        y[mine] = transforms.forward(np.where(excluded, np.nan, value)[mine][:, None], np.full(mine.sum(), kind))[:, 0]
    return Rare(rare, silent, irregular & silent & ~rare, state, _states(panel, wanted, row, bucket, value, y))


def _may_be_old(panel: Panel) -> Mask:
    """Return the judged buckets before which something came weeks ago, or before the first column of the panel."""
    filled = np.isfinite(panel.observed)
    begun = np.maximum.accumulate(filled, axis=1)
    lag = int(OLD_DAYS * 86_400 // panel.history.seconds)
    old = np.zeros_like(begun)
    old[:, lag:] = begun[:, : max(0, begun.shape[1] - lag)]
    begin, end = panel.history.edges.T
    before = np.zeros(len(begin), dtype=bool)
    rows = np.flatnonzero((end > begin) & ~old[:, panel.start :].all(axis=1))
    if len(rows):
        # Every second of the pieces lies between the points of two series.
        pieces = np.stack([begin[rows], end[rows]], axis=1).ravel()
        bucket = np.append(panel.history.bucket, panel.origin)
        before[rows] = np.minimum.reduceat(bucket, pieces)[::2] < panel.origin
    result: Mask = old[:, panel.start :] | before[:, None]
    return result


def _filled(panel: Panel, ages: NDArray[np.bool_], rows: Integers) -> tuple[Integers, Integers, Any, Any]:
    """Return series, bucket, value and exclusion of every filled bucket of some series, ordered by both."""
    history = panel.history
    begin, end = history.edges[rows, 0], history.edges[rows, 1]
    source = np.concatenate([np.arange(a, b) for a, b in zip(begin, end, strict=True)] or [np.zeros(0, np.int64)])
    row = np.repeat(rows, end - begin)
    value = history.value[source]
    filled = is_filled(value, panel.empties[row], ages[row], history.seconds)
    row, source = row[filled], source[filled]
    order = np.lexsort((history.bucket[source], row))
    row, source = row[order], source[order]
    return row, history.bucket[source], history.value[source], history.excluded[source]


def _states(panel: Panel, wanted: Integers, row: Integers, bucket: Integers, value: Any, y: Any) -> States:
    """Return the states after the loads ``wanted``, each an index into the filled buckets of all series."""
    index = wanted[:, None] + np.arange(-FILLED, 1)
    there = index >= 0
    index = np.maximum(index, 0)
    there &= row[index] == row[wanted][:, None]
    buckets, days = bucket[index], panel.history.days(bucket[index])
    there &= days >= days[:, -1:] - WINDOW_DAYS
    # A load begins where nothing came the day before; the oldest bucket is only there to say so.
    begins = there[:, 1:] & (~there[:, :-1] | (days[:, 1:] - days[:, :-1] > 1))
    order = np.argsort(begins, axis=1, kind="stable")[:, -STARTS:]
    known = np.take_along_axis(begins, order, axis=1)
    starts = np.where(known, np.take_along_axis(days[:, 1:], order, axis=1), _BEFORE)
    starts = np.where(known, starts, np.max(starts, axis=1, initial=_BEFORE)[:, None])
    found = rhythm.rhythm_of(starts, known)
    # A load that went on until the next was due counts for that as well.
    is_due = np.isfinite(found.cost) & (found.due > days[:, -1])
    gap, patience = _gaps(buckets, there)
    by_gap = buckets[:, -1] + gap + patience
    count = known.sum(axis=1)
    needed = np.where((count >= LEAST) | (there.sum(axis=1) >= DENSE), 0, LEAST - count)
    due = np.where(is_due, found.due, panel.history.days(buckets[:, -1] + gap))
    limit = np.where(is_due, panel.history.last_bucket(found.due + found.late), by_gap)
    # A rhythm that is kept loosely does not make a gap too long that is shorter than others before.
    limit = np.where(is_due & (found.cost > LOOSE), np.maximum(limit, buckets[:, -1] + gap), limit)
    habit = (np.maximum(found.missed - ALLOWED_MISSES, 0) + filling.PRIOR_MISSES) / (
        np.maximum(found.expected, 0) + filling.PRIOR_SLOTS
    )
    score = np.where(is_due, filling.score_of(habit), 6.0)
    sizes = np.where(begins, y[index][:, 1:], np.nan)
    centre, spread, most = _sizes(sizes, panel.kinds[row[wanted]])
    return States(
        bucket[wanted], starts[:, -1] if len(wanted) else wanted, value[wanted], limit, due, is_due, score, gap, needed,
        centre, spread, most, found,
    )  # fmt: skip


def _gaps(buckets: Integers, there: Mask) -> tuple[Integers, Integers]:
    """Return the longest gap between filled buckets, and how much longer one must be to be clearly longer.

    That is as much as the longest exceeds the usual one, at least a bucket, and more where few gaps are known. Within a
    load that goes on for several buckets there are no gaps, where three others say what is usual.
    """
    gaps, both = np.diff(buckets, axis=1), there[:, 1:] & there[:, :-1]
    real = both & (gaps > 1)
    chosen = np.where((real.sum(axis=1) >= LEAST - 1)[:, None], real, both)
    longest = np.where(chosen, gaps, 0).max(axis=1, initial=0)
    # One or two gaps of a table that was filled for weeks were outages.
    is_steady = (real.sum(axis=1) < LEAST - 1) & ((both & ~real).sum(axis=1) >= STEADY)
    longest = np.where(is_steady, np.minimum(longest, 1), longest)
    usual = np.nan_to_num(rhythm.lower_median(gaps, chosen)).astype(np.int64)
    unseen = np.ceil(rhythm.UNSEEN * (longest - 1) / np.maximum(chosen.sum(axis=1), 1)).astype(np.int64)
    return longest, np.maximum(longest - usual, 1) + np.maximum(unseen, 0)


def _sizes(y: Matrix, kinds: NDArray[np.int64]) -> tuple[Matrix, Matrix, Matrix]:
    """Return the median size of loads, the spread that a new one is measured in, and the largest.

    The spread is wider where few loads are known: from four values nobody can tell three standard deviations.
    """
    count = np.isfinite(y).sum(axis=1)
    enough = count >= LEAST
    centre, spread, most = (np.full(len(y), np.nan) for _ in range(3))
    if enough.any():
        mine = y[enough]
        middle = np.nanmedian(mine, axis=1)
        away = np.nansum((mine - middle[:, None]) ** 2, axis=1)
        deviation = np.sqrt(away / (count[enough] - 1)) * (1.0 + 4.0 / count[enough])
        least = np.maximum(
            least_spread(middle[:, None], kinds[enough])[:, 0], np.where(kinds[enough] == transforms.COUNT, 1.0, 0.0)
        )
        centre[enough], spread[enough] = middle, np.maximum(deviation, least)
        most[enough] = np.nanmax(mine, axis=1)
    return centre, spread, most


def in_words(states: States, at: int, history: History, buckets_a_day: int) -> str:
    """Return why the load after one of the states is overdue: how long there was none, and when it was due."""
    newest = _date(int(history.days(states.load[at])))
    if states.is_due[at]:
        due = _date(int(states.due[at]))
        late = int(states.rhythm.late[at])
        allowed = f", give or take {late} day{'s' * (late != 1)}" if late else ""
        return f"no load since {newest}; it is {rhythm.in_words(states.rhythm, at)} and was due on {due}{allowed}"
    gap = int(states.gap[at])
    unit = "day" if buckets_a_day == 1 else "hour"
    return f"no load since {newest}; the longest gap before was {gap} {unit}{'s' * (gap != 1)}"


def _date(day: int) -> str:
    moment = date(1970, 1, 1) + timedelta(days=day)
    return f"{moment.day} {moment:%B %Y}"
