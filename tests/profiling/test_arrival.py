"""Feeds with a moving clock: what each look finds, and which buckets are judged and which loads are late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from lookout.profiling.arrival import NOTHING_KNOWN, START, Floats, Look, Standing, seen, standing, undated
from lookout.project.declarations.grain import BucketClock

HOUR, DAY = 3600.0, 86_400.0
MONDAY = 20_458 * DAY  # 2026-01-05


@dataclass(frozen=True)
class Rows:
    """Rows of a table: the time of each, and when it came."""

    at: Floats
    came: Floats

    def seen_at(self, clock: float, step: float, since: float) -> tuple[Floats, float]:
        """The counts of a look, as the profile has them, and the newest timestamp."""
        begin, end = np.searchsorted(self.at, [since, clock])
        there = self.at[begin:end][self.came[begin:end] <= clock]
        starts, first, counts = np.unique(there // step * step, return_index=True, return_counts=True)
        newest = np.maximum.reduceat(there, first) if len(there) else np.empty(0)
        return np.column_stack([starts, counts, newest]), float(there.max(initial=-np.inf))


def looks(rows: Rows, clocks: Floats, step: float, delay: float = np.nan) -> Iterator[tuple[float, Standing]]:
    """What each look finds of a table that is read again for three days back."""
    known, previous = NOTHING_KNOWN, Look(np.nan, np.nan, BucketClock("hour" if step == HOUR else "day"), delay=delay)
    for clock in clocks.tolist():
        until = clock // step * step
        since = -np.inf if np.isnan(previous.as_of) else previous.until - 3 * DAY
        counts, latest_at = rows.seen_at(clock, step, since)
        latest_at = float(np.fmax(latest_at, previous.latest_at))
        look = replace(previous, as_of=clock, until=until, previous_at=previous.as_of, latest_at=latest_at)
        changed, _ = seen(known, counts[counts[:, 0] >= until - 4 * DAY], look)
        known = np.vstack([known[~np.isin(known[:, START], changed[:, START])], changed])
        found = standing(known, counts, look)
        yield clock, found
        knew_delay = bool(np.isfinite(found.usual_delay))
        previous = replace(
            look,
            judged_until=found.due_until,
            knew_delay=knew_delay,
            was_in_doubt=not knew_delay and found.due_until < until,
            late_since=found.late_since,
        )


def hourly(days: float, late: Callable[[Floats], Floats]) -> Rows:
    """A row every five minutes over so many days after a week of history, each so late."""
    at = np.arange(MONDAY - 7 * DAY, MONDAY + days * DAY, 300.0)
    return Rows(at, at + late(at))


def every_hour(days: float, minute: float = 0.0) -> Floats:
    return MONDAY + minute * 60 + np.arange(int(days * 24)) * HOUR


def daily(days: int, hour: Callable[[int], float], *, dates: bool) -> Rows:
    """A thousand rows a day, or dates, that come at once at an hour of the day after."""
    starts = MONDAY + np.arange(-60, days) * DAY
    at = np.repeat(starts, 100) + (0.0 if dates else np.tile(np.linspace(0, DAY - 60, 100), len(starts)))
    came = np.repeat([start + DAY + hour(number - 60) * HOUR for number, start in enumerate(starts)], 100)
    return Rows(at, came)


@pytest.mark.parametrize("minute", [0.0, 5.0, 30.0])
@pytest.mark.parametrize("late", [0.0, 1.0, 5.0, 20.0])
def test_an_hourly_feed_that_is_as_late_as_ever_is_never_late(late: float, minute: float) -> None:
    found = list(looks(hourly(14, lambda at: np.full(len(at), late * HOUR)), every_hour(14, minute), HOUR))
    settled = [(clock, standing) for clock, standing in found if clock >= MONDAY + (late + 4) * HOUR]
    assert [clock for clock, standing in settled if np.isfinite(standing.late_since)] == []
    # Nothing is judged before it is complete, and everything soon after.
    waited = {clock - standing.due_until for clock, standing in settled[48:]}
    assert min(waited) >= late * HOUR
    assert max(waited) <= 1.15 * late * HOUR + HOUR + minute * 60


@pytest.mark.parametrize("dates", [True, False])
@pytest.mark.parametrize("hour", [0.5, 14.0, 30.0])
def test_a_day_that_is_loaded_at_the_same_hour_is_judged_then(hour: float, dates: bool) -> None:
    rows = daily(30, lambda number: hour, dates=dates)
    found = list(looks(rows, every_hour(30, 5), DAY))
    settled = [(clock, standing) for clock, standing in found if clock >= MONDAY + 6 * DAY]
    assert [clock for clock, standing in settled if np.isfinite(standing.late_since)] == []
    waited = {clock - standing.due_until for clock, standing in settled}
    assert hour * HOUR <= min(waited) <= 1.15 * hour * HOUR + 2 * HOUR


def test_a_load_that_is_three_hours_later_than_usual_is_late_once() -> None:
    rows = daily(30, lambda number: 17.5 if number == 20 else 14.0, dates=False)
    late = [clock for clock, standing in looks(rows, every_hour(30, 20), DAY) if np.isfinite(standing.late_since)]
    due = MONDAY + 21 * DAY
    assert late == [due + 16 * HOUR + 1200, due + 17 * HOUR + 1200]


def test_a_load_that_never_comes_is_one_that_stays_late() -> None:
    rows = daily(20, lambda number: 14.0, dates=True)
    found = [s for c, s in looks(rows, every_hour(40, 20), DAY) if c > MONDAY + 21 * DAY + 17 * HOUR]
    assert {standing.late_since for standing in found} == {MONDAY + 20 * DAY}
    assert found[-1].usual_delay == pytest.approx(14 * HOUR, abs=HOUR)


def test_a_feed_that_becomes_late_for_good_is_one_late_load_until_that_is_usual() -> None:
    turn = MONDAY + 10 * DAY
    rows = hourly(30, lambda at: np.where(at < turn, 0.0, 5 * HOUR))
    found = list(looks(rows, every_hour(30, 5), HOUR))
    late = [(clock, standing.late_since) for clock, standing in found if np.isfinite(standing.late_since)]
    assert {since for _, since in late} == {turn}
    clocks = [clock for clock, _ in late]
    assert clocks[0] == turn + HOUR + 300
    assert np.ptp(clocks) == (len(clocks) - 1) * HOUR
    assert clocks[-1] < turn + 6 * DAY


def test_a_feed_that_becomes_punctual_is_judged_earlier() -> None:
    turn = MONDAY + 10 * DAY
    rows = hourly(42, lambda at: np.where(at < turn, 5 * HOUR, 0.0))
    found = list(looks(rows, every_hour(42, 5), HOUR))
    assert not any(np.isfinite(standing.late_since) for clock, standing in found if clock > MONDAY + DAY)
    assert found[-1][1].due_until == found[-1][0] - 300


def test_weekdays_and_hours_have_delays_of_their_own() -> None:
    # Friday to Sunday are loaded on Monday at 6, the other days at 6 of the next.
    weekend = daily(66, lambda number: {4: 54.0, 5: 30.0}.get(number % 7, 6.0), dates=True)
    found = dict(looks(weekend, every_hour(66, 5)[::2], DAY))
    monday = MONDAY + 63 * DAY
    assert found[monday + 4 * HOUR + 300].due_until == monday - 3 * DAY
    assert found[monday + 14 * HOUR + 300].due_until == monday
    assert found[monday + 2 * DAY + 8 * HOUR + 300].due_until == monday + 2 * DAY
    assert [clock for clock, s in found.items() if clock > MONDAY + 35 * DAY and np.isfinite(s.late_since)] == []
    # All hours of a day come together the next day at 6.
    at = np.arange(MONDAY - 14 * DAY, MONDAY + 16 * DAY, 600.0)
    batch = dict(looks(Rows(at, at // DAY * DAY + DAY + 6 * HOUR), every_hour(16, 5), HOUR))
    assert [clock for clock, s in batch.items() if clock > MONDAY + 6 * DAY and np.isfinite(s.late_since)] == []
    assert batch[MONDAY + 14 * DAY + 5 * HOUR + 300].due_until == MONDAY + 13 * DAY
    assert batch[MONDAY + 14 * DAY + 12 * HOUR + 300].due_until == MONDAY + 14 * DAY


def test_a_look_a_day_finds_the_missing_load_at_its_next_look() -> None:
    clocks = MONDAY + 6 * HOUR + np.arange(40) * DAY + np.random.default_rng(1).uniform(0, 600, 40)
    rows = daily(30, lambda number: 14.0, dates=False)
    late = [clock for clock, standing in looks(rows, clocks, DAY) if np.isfinite(standing.late_since)]
    # The day that never came would have been there from 14:00 on.
    assert late[0] == pytest.approx(MONDAY + 32 * DAY + 6 * HOUR, abs=600)


def test_stragglers_do_not_make_a_feed_late() -> None:
    rng = np.random.default_rng(1)
    rows = hourly(14, lambda at: np.where(rng.random(len(at)) < 0.05, rng.uniform(0, 3 * DAY, len(at)), 0.0))
    found = list(looks(rows, every_hour(14, 5), HOUR))
    assert all(clock - standing.due_until == 300 for clock, standing in found if clock > MONDAY + DAY)


def test_a_declared_delay_holds_from_the_first_look_on() -> None:
    rows = hourly(3, lambda at: np.full(len(at), 5 * HOUR))
    for clock, found in looks(rows, every_hour(3), HOUR, delay=5 * HOUR):
        assert (found.due_until, found.usual_delay) == (clock - 5 * HOUR, 5 * HOUR)
        assert np.isnan(found.late_since)


@pytest.mark.parametrize(
    ("step", "silence", "is_judged"),
    [(HOUR, 1, True), (HOUR, 5, False), (HOUR, 30, True), (DAY, 25, True), (DAY, 34, False), (DAY, 80, True)],
)
def test_a_short_silence_at_the_first_look_is_not_judged(step: float, silence: int, is_judged: bool) -> None:
    """What is as long as a bucket has just ended, and a table that is dead for days is no riddle."""
    clock = MONDAY + silence % 24 * HOUR if step == DAY else MONDAY
    at = np.arange(clock - 14 * DAY, clock - silence * HOUR, 600.0)
    ((_, found),) = looks(Rows(at, at), np.array([clock]), step)
    assert np.isnan(found.usual_delay)
    assert np.isnan(found.late_since)
    assert (found.due_until == clock // step * step) == is_judged
    assert found.due_until >= clock - silence * HOUR - step


def test_a_share_of_undated_rows_that_jumps_is_told_until_it_falls() -> None:
    usual = np.array([0.0, 0.0, 0.01, 0.0])
    assert undated(usual, 2, 98, 1.0, np.nan).since != undated(usual, 2, 98, 1.0, np.nan).since
    grown = undated(usual, 67, 33, 1.0, np.nan)
    assert (grown.share, grown.usual, grown.since) == (0.67, 0.0, 1.0)
    assert undated(usual, 67, 33, 2.0, 1.0).since == 1.0
    assert np.isnan(undated(usual, 0, 100, 2.0, 1.0).since)
    # Without new rows it stays as it was; a look or two teach nothing; one of ten rows is chance; half is usual here.
    assert undated(usual, 0, 0, 2.0, 1.0).since == 1.0
    assert np.isnan(undated(usual[:2], 67, 33, 1.0, np.nan).since)
    assert np.isnan(undated(usual, 1, 9, 1.0, np.nan).since)
    assert np.isnan(undated(np.array([0.5, 0.52, 0.48]), 53, 47, 1.0, np.nan).since)
