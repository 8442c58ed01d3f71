"""Quiet hours and digests: the times at which messages may be sent, in the time zone of their readers. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
_WEEK = 8  # days that cover a weekly pattern, and one to spare


@dataclass(frozen=True)
class QuietHours:
    """A quiet time that begins on each of ``days`` (0 is Monday) at ``start`` and ends at the next ``end``, local."""

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo

    def end_after(self, moment: datetime) -> datetime | None:
        """Return the end, in UTC, of the quiet time that ``moment`` is in; None when it is in none."""
        today = moment.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today):
            if day.weekday() not in self.days:
                continue
            last = day if self.start < self.end else day + timedelta(days=1)
            begins, ends = _utc(day, self.start, self.zone), _utc(last, self.end, self.zone)
            if begins <= moment < ends:
                return ends
        return None


@dataclass(frozen=True)
class Digest:
    """Local times at which everything that has gathered is sent at once."""

    days: frozenset[int]
    at: tuple[time, ...]
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime:
        """Return the first of these times that is not before ``moment``, in UTC."""
        today = moment.astimezone(self.zone).date()
        days = (today + timedelta(days=ahead) for ahead in range(_WEEK))
        moments = (_utc(day, at, self.zone) for day in days if day.weekday() in self.days for at in self.at)
        return min(candidate for candidate in moments if candidate >= moment)


def first_loud(quiet: tuple[QuietHours, ...], moment: datetime) -> datetime | None:
    """Return the first moment from ``moment`` on that no quiet time covers; None when there is none."""
    last = moment + timedelta(days=_WEEK)
    while moment < last:
        candidates = [hours.end_after(moment) for hours in quiet]
        ends = [end for end in candidates if end is not None]
        if not ends:
            return moment
        moment = max(ends)
    return None


def _utc(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(timezone.utc)
