"""Arrival: when the rows of a bucket have usually come, and up to which bucket a look at a table can judge.

Learned from what earlier looks found: a bucket is complete at the look from which on it held nine tenths of its rows.
One that was complete at the first look after its end came in time. Without a database and without a clock; times are
seconds since 1970, lengths are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from lookout.project.declarations.grain import SECOND, BucketClock

Floats = NDArray[np.float64]
DAY = 86_400.0
# A bucket that lacks no more than this is complete: stragglers come for days, and a row or two of a few are chance.
STRAGGLERS, CHANCE = 0.1, 1.0
# A load may be later than usual by a part of its delay, up to so many seconds.
MARGIN, MOST_MARGIN = 0.15, 2 * 3600.0
LEAST = 3  # buckets that have been seen to come, before anything is usual; one is enough if all came late
LEAST_ALIKE = 4  # those of an hour of the day or a weekday, before it has a delay of its own
# A silence at the first look that is longer than a bucket and an hour, and shorter than this, may be an outage or as
# long as ever: nobody can tell, so it is not judged.
DOUBTFUL = {"sub-daily": 8 * 3600.0, "other": 2 * DAY}
# Columns of what is known of the buckets of a table.
START, ROWS, COMPLETE_ROWS, COMPLETE_AT, WAITED_AT = range(5)
NOTHING_KNOWN: Floats = np.empty((0, 5))


@dataclass(frozen=True)
class Look:
    """One look at a table: its clock, the end of the newest closed bucket, and where buckets begin and end.

    ``latest_at`` is the newest timestamp, ``delay`` the declared one; the others are of the look before: its clock, the
    end of what it judged, whether the usual delay was known then or nobody could tell, and since when the table was
    late. Times are NaN where there are none.
    """

    as_of: float
    until: float
    buckets: BucketClock
    latest_at: float = np.nan
    previous_at: float = np.nan
    judged_until: float = np.nan
    knew_delay: bool = False
    was_in_doubt: bool = False
    late_since: float = np.nan
    delay: float = np.nan

    @property
    def step(self) -> float:
        """Return the usual width of a bucket."""
        return self.buckets.step.total_seconds()

    def start_of(self, moment: float) -> float:
        """Return the start of the bucket of a moment."""
        return moment if np.isnan(moment) else float(self.starts(np.array([moment]))[0])

    def starts(self, moments: Floats) -> Floats:
        """Return the starts of the buckets of moments."""
        return self.buckets.starts(self.buckets.numbers(_nanoseconds(moments))) / SECOND

    def ends(self, starts: Floats) -> Floats:
        """Return the ends of the buckets with these starts."""
        return self.buckets.ends(self.buckets.numbers(_nanoseconds(starts))) / SECOND


@dataclass(frozen=True)
class Standing:
    """How far a table has come at a look.

    Buckets up to ``due_until`` are judged, those up to ``arrived_until`` have come. ``usual_delay`` is how long after
    its end the newest of the due ones is usually complete; NaN while that is not known. ``late_since`` is the end of
    what had come when the table fell behind; NaN when it is not late.
    """

    due_until: float
    arrived_until: float
    usual_delay: float
    late_since: float


def seen(known: Floats, counts: Floats, look: Look) -> tuple[Floats, float]:
    """Return the rows of ``known`` that a look changes, and the number of rows that came since the look before.

    ``counts`` has a row for each bucket with rows, in order, the one that is not over included: its start, its rows,
    its newest timestamp. The number is NaN at the first look, which cannot tell what is new.
    """
    before = {row[START]: row for row in known}
    is_first = not before or np.isnan(look.previous_at)
    changed, came = [], 0.0
    for (start, rows), end in zip(counts[:, :2].tolist(), look.ends(counts[:, 0]).tolist(), strict=True):
        old = before.get(start)
        came += max(0.0, rows - (old[ROWS] if old is not None else 0.0))
        if end > look.until:
            changed.append((start, rows, np.nan, np.nan, np.nan))
        elif is_first:
            changed.append((start, rows, rows, *(old[COMPLETE_AT:] if old is not None else (np.nan, np.nan))))
        elif old is None or not old[COMPLETE_ROWS] >= rows - max(STRAGGLERS * rows, CHANCE * rows**0.5):
            # Over at the look before, and not complete then: late.
            waited_at = look.previous_at if end <= look.previous_at else np.nan
            changed.append((start, rows, rows, look.as_of, waited_at))
        elif rows != old[ROWS]:
            changed.append((start, rows, *old[COMPLETE_ROWS:]))
    return np.array(changed, dtype=np.float64).reshape(-1, 5), np.nan if is_first else came


def standing(known: Floats, counts: Floats, look: Look) -> Standing:
    """Return how far a table has come, by what is known of it up to and including this look."""
    newest = float(counts[-1, 0]) if len(counts) else look.start_of(look.latest_at)
    arrived = _arrived_until(newest, counts, look)
    delays = _Delays.learn(known, look, arrived)
    if delays is None:
        # After the bucket of the newest row: rows of a part of a bucket may be all there is of it.
        silence = look.as_of - _end_of(newest, look)
        is_in_doubt = look.was_in_doubt or (np.isnan(look.previous_at) and silence > look.step + 3600.0)
        is_in_doubt &= silence < DOUBTFUL["sub-daily" if look.step < DAY else "other"]
        # Where rows come every other day, none are missing on the days between.
        is_in_doubt &= look.as_of - newest > _usual_gap(counts) + look.step
        # What was judged once stays judged, or its alerts would go and come back.
        due = float(np.fmax(look.judged_until, min(arrived, look.until) if is_in_doubt else look.until))
        return Standing(due, arrived, np.nan, np.nan)
    due = float(np.fmax(look.judged_until if look.knew_delay else np.nan, delays.due_until(look)))
    since = look.late_since if np.isfinite(look.late_since) else arrived
    return Standing(due, arrived, delays.usual(look.start_of(due - 1.0)), since if due > arrived else np.nan)


def _arrived_until(newest: float, counts: Floats, look: Look) -> float:
    """Return the end of the newest bucket that has come: that of the newest row, where it reaches as far as usual."""
    if np.isnan(newest):
        return -np.inf
    older = counts[(counts[:, 0] < newest) & np.isfinite(counts[:, 2])]
    # Dates are at the very start of their day, and events stop shortly before the end of their hour.
    reach = 0.95 * float(np.quantile(older[:, 2] - older[:, 0], 0.1)) if len(older) >= LEAST else 0.0
    return _end_of(newest, look) if look.latest_at >= newest + reach else newest


def _usual_gap(counts: Floats) -> float:
    """Return how far apart buckets with rows usually begin, that of nine in ten; 0 while that is unknown."""
    return float(np.quantile(np.diff(counts[:, 0]), 0.9)) if len(counts) > LEAST else 0.0


def _end_of(start: float, look: Look) -> float:
    return np.nan if np.isnan(start) else float(look.ends(np.array([start]))[0])


@dataclass(frozen=True)
class _Delays:
    """Usual and allowed delay, of all buckets and of those of an hour of the day or a weekday."""

    buckets: BucketClock
    of_all: tuple[float, float]
    of_alike: Mapping[float, tuple[float, float]]

    @classmethod
    def learn(cls, known: Floats, look: Look, arrived_until: float) -> _Delays | None:
        """Return the delays of the last four weeks, or eight for daily buckets; None while too little is known.

        What is being filled at this moment tells nothing yet.
        """
        if np.isfinite(look.delay):
            return cls(look.buckets, (look.delay, look.delay), {})
        weeks = 4 if look.step < DAY else 8
        is_recent = (known[:, START] >= look.as_of - weeks * 7 * DAY) & (known[:, COMPLETE_AT] <= look.as_of)
        has_come = (known[:, COMPLETE_ROWS] > 0) & (known[:, START] < arrived_until)
        came = known[is_recent & has_come]
        is_late = np.isfinite(came[:, WAITED_AT])
        if len(came) < LEAST and not (len(came) and is_late.all()):
            return None
        delays = np.where(is_late, came[:, COMPLETE_AT] - look.ends(came[:, START]), 0.0)
        of_all = _allowance(came, delays)
        alike = _slot(came[:, START], look.buckets)
        slots, sizes = np.unique(alike, return_counts=True)
        of_alike = {}
        for slot in slots[sizes >= LEAST_ALIKE].tolist():
            mine = came[alike == slot]
            # In a feed that comes in time, a few late loads at one hour are no habit.
            if of_all[0] > 0 or 2 * np.isfinite(mine[:, WAITED_AT]).sum() > len(mine):
                of_alike[slot] = _allowance(mine, delays[alike == slot])
        return cls(look.buckets, of_all, of_alike)

    def usual(self, start: float) -> float:
        """Return how long after its end the bucket with this start is usually complete."""
        return self._of(start)[0]

    def due_until(self, look: Look) -> float:
        """Return the end of the newest bucket that is due at a look, with all before it."""
        longest = max([self.of_all[1], *(allowed for _, allowed in self.of_alike.values())])
        newest = look.buckets.numbers(_nanoseconds(np.array([look.until]))) - 1
        numbers = newest - np.arange(int(longest // look.step) + 2)
        starts, ends = look.buckets.starts(numbers) / SECOND, look.buckets.ends(numbers) / SECOND
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        waiting = np.flatnonzero([end + self._of(start)[1] > look.as_of for start, end in pairs])
        # The oldest that is not due ends it.
        return float(starts[waiting[-1]]) if len(waiting) else look.until

    def _of(self, start: float) -> tuple[float, float]:
        return self.of_alike.get(float(_slot(np.array([start]), self.buckets)[0]), self.of_all)


def _slot(starts: Floats, buckets: BucketClock) -> Floats:
    """Return the hour of the day of buckets, the weekday of daily ones, and the same for all others."""
    walls = buckets.walls(buckets.numbers(_nanoseconds(starts))) / SECOND
    if buckets.step < timedelta(days=1):
        return walls % DAY // 3600.0
    return walls // DAY % 7 if buckets.grain == "day" else np.zeros(len(starts))


def _nanoseconds(moments: Floats) -> NDArray[np.int64]:
    # By way of microseconds, which a float holds exactly.
    return np.round(moments * 1e6).astype(np.int64) * 1000


def _allowance(came: Floats, delays: Floats) -> tuple[float, float]:
    """Return the usual delay of some buckets, that of nine in ten of ``delays``, and the one after which one is late.

    A look finds a load at some time after it came, so a quarter of the pause between two looks is taken off: the next
    look may be a little earlier in its hour or day.
    """
    is_late = np.isfinite(came[:, WAITED_AT])
    # One of a few may have been a fault.
    usual = float(np.quantile(delays, 0.9, method="lower"))
    if usual <= 0:
        return 0.0, 0.0
    margin = min(MARGIN * usual, MOST_MARGIN)
    allowed = min(usual + max(margin, 2 * (usual - float(np.median(delays)))), float(delays.max()) + margin)
    pause = float(np.median((came[:, COMPLETE_AT] - came[:, WAITED_AT])[is_late]))
    return usual, max(allowed - pause / 4, 0.0)


@dataclass(frozen=True)
class Undated:
    """Rows without a timestamp among those that came: their share, the usual share, and since when there are more.

    NaN for a share that is not known and for ``since`` when the share is as usual.
    """

    share: float
    usual: float
    since: float


def undated(shares: Floats, undated_rows: float, dated_rows: float, previous_at: float, since: float) -> Undated:
    """Return whether more rows without a timestamp came than usual.

    ``shares`` are those of earlier looks, ``undated_rows`` and ``dated_rows`` what came since the look at
    ``previous_at``; ``since`` is that of the look before.
    """
    came = undated_rows + dated_rows
    if not came > 0:
        return Undated(np.nan, np.nan, since)
    share = max(undated_rows, 0.0) / came
    if len(shares) < LEAST:
        return Undated(share, np.nan, np.nan)
    usual = float(np.median(shares))
    scatter = float(np.quantile(shares, 0.9)) - usual
    # Among few rows one more or less is a large share.
    chance = float(np.sqrt(max(usual, 1 / came) * max(1 - usual, 0.0) / came))
    if share <= usual + max(0.05, 2 * scatter, 4 * chance):
        return Undated(share, usual, np.nan)
    return Undated(share, usual, since if np.isfinite(since) else previous_at)
