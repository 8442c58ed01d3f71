"""Buckets that should hold something, and those that are empty although they should."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.learned import WEEKS, Panel
from lookout.baseline.windows import Mask, Matrix, rolling_count

MISS_WEEKS = 16  # how far back misses are remembered in daily series
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
    width = spans.seconds
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
    filled = np.isfinite(panel.observed) & (panel.observed <= panel.spans.seconds)
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
