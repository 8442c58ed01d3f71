"""Grains and their buckets: the only place that knows where a bucket of a grain begins and ends.

Buckets are numbered by the wall clock of a time zone: hours and minutes counted from 1970-01-01 00:00, days from that
day, weeks from the Monday before it, months from January 1970. So a number tells the hour of the day and the weekday,
over every change of the clock. When the clock is set forward the numbers it skips have no bucket (their start is their
end); when it is set back, what passes twice is one bucket of twice the length.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Literal, cast, get_args
from zoneinfo import available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd

Grain = Literal["5min", "10min", "15min", "30min", "hour", "day", "week", "month"]
Integers = npt.NDArray[np.int64]
GRAINS: tuple[Grain, ...] = get_args(Grain)
UTC = "UTC"
# The usual width of a bucket, at most: months and days at a change of the clock are shorter or longer.
GRAIN_STEP: dict[Grain, timedelta] = {
    "5min": timedelta(minutes=5),
    "10min": timedelta(minutes=10),
    "15min": timedelta(minutes=15),
    "30min": timedelta(minutes=30),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=31),
}
BELOW_AN_HOUR: tuple[Grain, ...] = ("5min", "10min", "15min", "30min")
# Grains below a day: series with hours of the day.
SHORT: tuple[Grain, ...] = tuple(grain for grain in GRAINS if GRAIN_STEP[grain] < GRAIN_STEP["day"])
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = 1_000_000_000  # nanoseconds
_NEAR = 2 * 86_400 * SECOND
# Number 0 of the weeks begins on Monday, 1969-12-29.
OFFSET: dict[Grain, timedelta] = {"week": timedelta(days=3)}


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the names of time zones that can be given."""
    return frozenset(available_timezones() - {"Factory", "localtime", "posixrules"})


def zone_problem(name: str) -> str | None:
    """Return what to write instead of a name that is no time zone; None for one that is."""
    known = zone_names()
    if name in known:
        return None
    lower = {zone.lower(): zone for zone in sorted(known)}
    city = {zone.rsplit("/", 1)[-1]: zone for zone in reversed(lower)}
    for names in (lower, city):
        close = difflib.get_close_matches(name.lower().replace(" ", "_"), names, n=1, cutoff=0.75)
        if close:
            return f"did you mean '{lower[names[close[0]].lower()]}'?"
    return "write a name like Europe/Berlin."


@dataclass(frozen=True)
class BucketClock:
    """Buckets of a grain in a time zone. Moments are nanoseconds since 1970 in UTC, as int64 arrays of any shape."""

    grain: Grain
    zone: str = UTC

    @property
    def step(self) -> timedelta:
        """Return the usual width of a bucket, at most."""
        return GRAIN_STEP[self.grain]

    def numbers(self, moments: Integers) -> Integers:
        """Return the number of the bucket that each moment falls into."""
        walls = moments if self.zone == UTC else _wall_of(moments, self.zone)
        if self.grain == "month":
            return walls.view("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
        result: Integers = (walls + self._offset) // self._width
        return result

    def walls(self, numbers: Integers) -> Integers:
        """Return what the clock of the zone shows when a bucket begins, in nanoseconds since 1970."""
        numbers = np.asarray(numbers, dtype=np.int64)
        if self.grain == "month":
            return numbers.astype("datetime64[M]").astype("datetime64[ns]").view(np.int64)
        return numbers * self._width - self._offset

    def starts(self, numbers: Integers) -> Integers:
        """Return when each bucket begins."""
        walls = self.walls(numbers)
        return walls if self.zone == UTC else moment_of(walls, self.zone, first=True)

    def ends(self, numbers: Integers) -> Integers:
        """Return when each bucket ends; a bucket that ends when it begins does not exist."""
        walls = self.walls(np.asarray(numbers, dtype=np.int64) + 1)
        # The last moment inside, not the first one after: that may be shown twice although the bucket is not.
        return walls if self.zone == UTC else moment_of(walls - 1, self.zone, first=False) + 1

    def is_there(self, numbers: Integers) -> npt.NDArray[np.bool_]:
        """Return which buckets exist: those that the clock does not skip."""
        if self.zone == UTC:
            return np.ones(np.shape(numbers), dtype=bool)
        return np.asarray(self.ends(numbers) > self.starts(numbers))

    def is_odd(self, numbers: Integers) -> npt.NDArray[np.bool_]:
        """Return which hours, or parts of an hour, a change of the clock makes longer or shorter, or skips."""
        if self.zone == UTC or self.step > timedelta(hours=1):
            return np.zeros(np.shape(numbers), dtype=bool)
        return np.asarray(self.ends(numbers) - self.starts(numbers) != self._width)

    def lengths(self, numbers: Integers) -> npt.NDArray[np.float64] | None:
        """Return how long each day or month is, relative to the usual one; None where all are the same."""
        usual = {"day": 86_400 * SECOND, "month": int(30.4375 * 86_400) * SECOND}.get(self.grain)
        if usual is None or (self.zone == UTC and self.grain == "day"):
            return None
        return np.asarray((self.ends(numbers) - self.starts(numbers)) / usual)

    def number(self, moment: datetime) -> int:
        """Return the number of the bucket that one moment falls into."""
        return int(self.numbers(_nanoseconds(moment))[0])

    def start(self, number: int) -> datetime:
        """Return when one bucket begins, in UTC."""
        return _datetime(self.starts(np.array([number])))

    def end(self, number: int) -> datetime:
        """Return when one bucket ends, in UTC."""
        return _datetime(self.ends(np.array([number])))

    def floor(self, moment: datetime) -> datetime:
        """Return the start, in UTC, of the bucket that a moment falls into."""
        return self.start(self.number(moment))

    @property
    def _width(self) -> int:
        return int(self.step.total_seconds()) * SECOND

    @property
    def _offset(self) -> int:
        return int(OFFSET.get(self.grain, timedelta(0)).total_seconds()) * SECOND


def clocks_of(series: pd.DataFrame) -> Iterator[tuple[BucketClock, Integers]]:
    """Yield each clock of series with the columns grain and time_zone, and the positions of its rows."""
    for names, rows in series.groupby(["grain", "time_zone"], sort=False).indices.items():
        grain, zone = cast(tuple[Grain, str], names)
        yield BucketClock(grain, zone), np.asarray(rows)


def moment_of(walls: Integers, zone: str, *, first: bool) -> Integers:
    """Return when the clock of a zone shows a time, in nanoseconds since 1970.

    Of a time that it shows twice it is the first or the second moment; of one that it skips, the first moment after
    those skipped, or else the last before.
    """
    walls = np.asarray(walls, dtype=np.int64)
    # What it would be without a change of the clock within two days, by what the clock was before and is after it.
    before, after = (walls - (_wall_of(walls + side, zone) - walls - side) for side in (-_NEAR, _NEAR))
    shown = [_wall_of(moments, zone) == walls for moments in (before, after)]
    early, late = np.minimum(before, after), np.maximum(before, after)
    both = shown[0] & shown[1]
    result = np.where(both, early if first else late, np.where(shown[0], before, after))
    skipped = np.flatnonzero(~(shown[0] | shown[1]))
    if len(skipped):
        result.flat[skipped] = _change(early.flat[skipped], late.flat[skipped], walls.flat[skipped], zone) - (not first)
    return result


def _change(low: Integers, high: Integers, walls: Integers, zone: str) -> Integers:
    """Return the moments, whole seconds between low and high, at which the clock passes what it skips."""
    low, high = low // SECOND, -(-high // SECOND)
    while (high - low > 1).any():
        middle = (low + high) // 2
        is_past = _wall_of(middle * SECOND, zone) > walls
        low, high = np.where(is_past, low, middle), np.where(is_past, middle, high)
    return high * SECOND


def _wall_of(moments: Integers, zone: str) -> Integers:
    instants = pd.DatetimeIndex(np.asarray(moments, dtype=np.int64).ravel().view("datetime64[ns]"), tz=UTC)
    return _values(instants.tz_convert(zone).tz_localize(None)).reshape(np.shape(moments))


def wall_clock(moment: datetime, zone: str) -> datetime:
    """Return what the clock of a zone shows at a moment, without a time zone."""
    shown: datetime = pd.Timestamp(moment).tz_convert(zone).tz_localize(None).to_pydatetime()
    return shown


def grain_words(grain: str) -> str:
    """Return a grain as the width of its bucket: hour, 5 minutes."""
    return f"{grain[:-3]} minutes" if grain.endswith("min") else grain


def _values(index: Any) -> Integers:
    values: Integers = index.as_unit("ns").to_numpy(dtype="datetime64[ns]").view(np.int64)
    return values


def _nanoseconds(moment: datetime) -> Integers:
    return np.array([(moment - EPOCH) // timedelta(microseconds=1) * 1000], dtype=np.int64)


def _datetime(nanoseconds: Integers) -> datetime:
    return EPOCH + timedelta(microseconds=int(nanoseconds[0]) // 1000)
