"""Buckets that should hold something, and those that are empty although they should."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.learned import WEEKS, Panel
from lookout.baseline.windows import Mask, Matrix, rolling_count

MISS_WEEKS = 16  # how far back misses are remembered in daily series
ALIVE_WEEKS = 4  # a series that was silent for longer starts anew
HOLIDAY_WEEKS = 2  # so much of a silence counts as misses of its slots
PRIOR_MISSES, PRIOR_SLOTS = 0.1, 10.0  # one miss in a hundred slots, with the weight of ten
FORGIVEN = 0.25  # share of a slot's weeks that may be empty without making that its habit
RARE = 0.05  # chance of a miss at which it scores 3


@dataclass(frozen=True)
class Slots:
    """History of each bucket's slot.

    ``usual``: the slot is usually filled. ``chance``: how likely it is to be empty all the same, by what came before the
    present run of misses. ``owed``: a miss since the newest filled bucket. ``seen`` and ``known``: in how many of the
    last eight weeks the slot was filled, and in how many the series was alive. ``regular``: any slot of the last week
    is usually filled.
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
    # A run of misses starts with the first miss after a filled bucket, and counts once: a holiday of two weeks is one gap.
    position = np.cumsum(miss, axis=1)
    filled = newest >= 0
    at_newest = np.take_along_axis(position, np.maximum(newest, 0), axis=1) * filled
    first = miss & (position == at_newest + 1)
    window = MISS_WEEKS * spans.season if spans.day == 1 else spans.errors
    runs, due = (_until_newest(part, newest, window) for part in (first, first | (present & usual)))
    # Two misses of a slot in eight weeks may be chance or a holiday; more are its own habit. A silence of weeks is one.
    weeks = _history(present, panel, HOLIDAY_WEEKS)[1]
    habit = (weeks - seen) / np.maximum(weeks, 1) - FORGIVEN
    chance = np.maximum((runs + PRIOR_MISSES) / (due + PRIOR_SLOTS), habit)[:, start:]
    owed = np.zeros_like(miss)
    owed[:, 1:] = (position > at_newest)[:, :-1]
    regular = rolling_count(usual, spans.season, lag=0, start=start)[:, start:] > 0
    return Slots(usual[:, start:], chance, owed[:, start:], seen[:, start:], known[:, start:], regular)


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


def missing_score(panel: Panel, slots: Slots) -> Matrix:
    """Return a score down to -6 for an empty bucket in a slot that is usually filled, by how rare that is.

    A run of misses keeps the score of its first: an outage does not turn normal by lasting.
    """
    now = panel.since(panel.start)
    miss = ~np.isfinite(now.y) & ~now.excluded & slots.usual
    return np.where(miss, -score_of(slots.chance), 0.0)


def score_of(chance: Matrix) -> Matrix:
    """Return the score of an event of a known chance: 3 at one in twenty, at most 6."""
    return np.minimum(6.0, 3.0 * np.log(np.clip(chance, 1e-9, 1.0)) / np.log(RARE))


def _until_newest(marks: Mask, newest: NDArray[np.int64], window: int) -> Matrix:
    """Return how many of the ``window`` buckets up to the one before each column are marked, up to the newest filled."""
    total = np.cumsum(marks, axis=1)
    there = np.take_along_axis(total, np.maximum(newest, 0), axis=1) * (newest >= 0)
    older = np.zeros_like(total)
    older[:, window + 1 :] = total[:, : max(0, total.shape[1] - window - 1)]
    return np.maximum(there - older, 0).astype(np.float64)
