"""Rhythms of loads: which days of a calendar, or which step of days, explain when a table was loaded.

Days are numbers since 1970-01-01, business days are Monday to Friday. Matrices are tables (rows) by loads (columns),
the newest load in the last column; ``there`` says which loads are known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.windows import Mask, Matrix

Integers = NDArray[np.int64]

LEAST = 4  # loads that make a rhythm: three gaps
NO_DAY = np.iinfo(np.int64).max // 4
CLOSE = 0.1  # largest mean deviation of a rhythm, as a share of its period
TIE, WORSE = 0.05, 0.25  # rhythms that explain the loads nearly as well as the best one: the most patient counts
UNSEEN = 2.0  # times the range of deviations, or the longest gap, over their number: what was not seen yet
STEPS = np.array([1, 2, 3, 4, 6, 12])  # months
MONTH = 30.44
STEP_DAYS, DAY_OF_MONTH, DAYS_TO_END, BUSINESS_DAY, BUSINESS_DAYS_TO_END, AROUND_FIRST, WEEKDAY, LAST_WEEKDAY = range(8)
CALENDAR = (DAY_OF_MONTH, DAYS_TO_END, BUSINESS_DAY, BUSINESS_DAYS_TO_END, AROUND_FIRST, WEEKDAY, LAST_WEEKDAY)

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Rhythm:
    """The rhythm of each table: ``kind`` and ``position`` say which, ``step`` is in days or months (0: twice a month).

    ``due`` is the day of the next load, ``late`` the days it may be late by, learned from earlier loads. ``expected``
    and ``missed`` are the loads that should have come up to the newest one, and the outages among them. ``cost`` is
    how badly it explains the loads; infinite where there is no rhythm.
    """

    kind: Integers
    position: Integers
    step: Integers
    due: Integers
    late: Integers
    expected: Integers
    missed: Integers
    cost: Matrix

    def take(self, rows: Integers) -> Rhythm:
        """Return the rhythms of some tables."""
        return Rhythm(*(getattr(self, f.name)[rows] for f in fields(self)))

    def where(self, chosen: Mask, other: Rhythm) -> Rhythm:
        """Return this rhythm in chosen rows and the other one elsewhere."""
        return Rhythm(*(np.where(chosen, getattr(self, f.name), getattr(other, f.name)) for f in fields(self)))


def rhythm_of(days: Integers, there: Mask) -> Rhythm:
    """Return the rhythm that explains the loads best; of those nearly as good the one that is due last.

    Twice a month is two monthly rhythms: that of the loads near the day of the newest one, and that of the others.
    """
    result = _every_so_many_days(days, there)
    gap = np.nan_to_num(_usual_gap(days, there))
    for chosen, candidates in (
        (gap > 0.6 * MONTH, _monthly),
        ((gap > 0.3 * MONTH) & (gap < 0.7 * MONTH), _twice_a_month),
    ):
        rows = np.flatnonzero(chosen)
        if len(rows):
            best = _best([result.take(rows), *candidates(days[rows], there[rows])])
            for f in fields(result):
                getattr(result, f.name)[rows] = getattr(best, f.name)
    return result


def _best(found: list[Rhythm]) -> Rhythm:
    limit = (1.0 + WORSE) * np.min([one.cost for one in found], axis=0) + TIE
    result = found[0]
    for one in found[1:]:
        later = one.due + one.late > result.due + result.late
        close, has_close = one.cost <= limit, result.cost <= limit
        result = one.where(close & (~has_close | later), result)
    return result


def _monthly(days: Integers, there: Mask) -> list[Rhythm]:
    return [_calendar(kind, days, there) for kind in CALENDAR]


def _twice_a_month(days: Integers, there: Mask) -> list[Rhythm]:
    """Return the rhythms of tables loaded twice a month: one for the day near the newest load's, one for the other.

    The other day is due next. Both fit within about a day: two days of a month explain much by chance.
    """
    near = there & (np.abs((days - days[:, -1:] + MONTH / 2) % MONTH - MONTH / 2) <= 5)
    first = _least([_calendar(kind, days, near, least=2) for kind in CALENDAR])
    result = []
    for kind in CALENDAR:
        other = _calendar(kind, days, there & ~near, least=2)
        cost = (first.cost + other.cost) / 2
        count = there.sum(axis=1)
        wrong = (other.due <= days[:, -1]) | (count < LEAST) | (cost > np.minimum(1.0, count / 8.0))
        result.append(
            Rhythm(
                other.kind,
                other.position,
                np.zeros_like(other.step),
                other.due,
                np.maximum(first.late, other.late),
                first.expected + other.expected,
                first.missed + other.missed,
                np.where(wrong, np.inf, cost),
            )
        )
    return result


def _least(found: list[Rhythm]) -> Rhythm:
    result = found[0]
    for one in found[1:]:
        result = one.where(one.cost < result.cost, result)
    return result


def in_words(rhythm: Rhythm, at: int) -> str:
    """Return the rhythm of one table: monthly, on the last business day."""
    kind, position, step = (int(values[at]) for values in (rhythm.kind, rhythm.position, rhythm.step))
    if kind == STEP_DAYS:
        weeks, rest = divmod(step, 7)
        if not rest:
            return "weekly" if weeks == 1 else f"loaded every {weeks} weeks"
        return "daily" if step == 1 else f"loaded every {step} days"
    name = {0: "loaded twice a month, also", 1: "monthly,", 3: "quarterly,", 6: "loaded twice a year,", 12: "yearly,"}
    return f"{name.get(step, f'loaded every {step} months,')} on the {_position_in_words(kind, position)}"


def _position_in_words(kind: int, position: int) -> str:
    if kind in (WEEKDAY, LAST_WEEKDAY):
        week, weekday = divmod(position, 7)
        name = _WEEKDAYS[weekday]
        if kind == WEEKDAY:
            return f"{_ordinal(week + 1)} {name}"
        return f"last {name}" if not week else f"{_ordinal(week + 1)} {name} from the end"
    unit = "business day" if kind in (BUSINESS_DAY, BUSINESS_DAYS_TO_END) else "day"
    if kind == DAY_OF_MONTH and position == 30:
        return "last day"
    if position >= 0:
        if unit == "day":
            return _ordinal(position + 1)
        return "first business day" if not position else f"{_ordinal(position + 1)} business day"
    return f"last {unit}" if position == -1 else f"{_ordinal(-position)} {unit} from the end"


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _every_so_many_days(days: Integers, there: Mask) -> Rhythm:
    gap = np.nan_to_num(_usual_gap(days, there))
    step = np.maximum(gap, 1).astype(np.int64)[:, None]
    away = (days - days[:, -1:] + step // 2) % step - step // 2
    away = away - np.rint(np.nan_to_num(lower_median(away, there))).astype(np.int64)[:, None]
    slot = (days - away - (days - away)[:, -1:]) // step
    return _judged(STEP_DAYS, np.zeros(len(days), np.int64), step[:, 0], away, slot, days, there, step[:, 0], None)


def _calendar(kind: int, days: Integers, there: Mask, least: int = LEAST) -> Rhythm:
    month, position = _position(kind, days)
    if kind in (WEEKDAY, LAST_WEEKDAY):
        nominal = _mode(position, there)
    else:
        nominal = np.rint(np.nan_to_num(lower_median(position, there))).astype(np.int64)
    gap = _usual_gap(days, there)
    if least < LEAST:
        gap = np.full(len(days), MONTH)  # one of two loads a month
    step = STEPS[np.abs(np.nan_to_num(gap, nan=1.0)[:, None] / MONTH - STEPS).argmin(axis=1)]
    phase = _mode(month % step[:, None], there)
    base = month - (month - phase[:, None]) % step[:, None]
    away, slot = np.full(days.shape, NO_DAY), base
    for shift in (-1, 0, 1):
        at = base + shift * step[:, None]
        distance = days - _day(kind, at, nominal[:, None])
        closer = np.abs(distance) < np.abs(away)
        away, slot = np.where(closer, distance, away), np.where(closer, at, slot)
    newest = np.where(there, slot, np.iinfo(np.int64).min).max(axis=1)
    due = _day(kind, newest + step, nominal)
    index = (slot - newest[:, None]) // step[:, None]
    period = np.rint(step * MONTH).astype(np.int64)
    fits = np.nan_to_num(gap, nan=0.0) > 0.6 * period
    return _judged(kind, nominal, step, away, index, days, there & fits[:, None], period, due, least)


def _judged(
    kind: int,
    position: Integers,
    step: Integers,
    away: Integers,
    slot: Integers,
    days: Integers,
    there: Mask,
    period: Integers,
    due: Integers | None,
    least: int = LEAST,
) -> Rhythm:
    """Return a rhythm with what the deviations of past loads (``away``, of the loads due in ``slot``) say about it."""
    count = there.sum(axis=1)
    size = np.where(there, np.abs(away), 0)
    mean = size.sum(axis=1) / np.maximum(count, 1)
    cost = np.where(there, np.sqrt(size), 0.0).sum(axis=1) / np.maximum(count, 1)
    late = np.sort(np.where(there, np.maximum(away, 0), 0), axis=1)
    # One very late load among many was a fault, not the rule.
    tolerance = np.where(count >= 8, late[:, -2], late[:, -1])
    # Nor have a few loads shown how late they may be.
    wide = np.where(there, away, 0).max(axis=1, initial=0) - np.where(there, away, 0).min(axis=1, initial=0)
    tolerance = tolerance + np.ceil(UNSEEN * wide / np.maximum(count, 1)).astype(np.int64)
    first = np.where(there, slot, np.iinfo(np.int64).max).min(axis=1)
    last = np.where(there, slot, np.iinfo(np.int64).min).max(axis=1)
    expected = np.where(count > 0, last - first + 1, 0)
    ordered = np.sort(np.where(there, slot, np.iinfo(np.int64).max), axis=1)
    filled = there.any(axis=1) + (np.diff(ordered, axis=1) != 0).sum(axis=1)
    filled -= (~there).any(axis=1) & there.any(axis=1)
    # Loads missed one after another are one outage.
    missed = (np.diff(ordered, axis=1) > 1).sum(axis=1) - ((~there).any(axis=1) & there.any(axis=1))
    is_rhythm = (count >= least) & (mean <= CLOSE * period) & (2 * filled >= expected)
    # Two loads for one due date: the rhythm is too slow for them.
    is_rhythm &= 4 * (count - filled) <= count
    next_day = (days - away)[:, -1] + step if due is None else due
    full = np.full(len(days), kind)
    return Rhythm(full, position, step, next_day, tolerance, expected, missed, np.where(is_rhythm, cost, np.inf))


def _position(kind: int, days: Integers) -> tuple[Integers, Integers]:
    """Return the month of each day, since 1970, and where in it the day lies."""
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first, following = _first(month), _first(month + 1)
    at = days.astype("datetime64[D]")
    if kind == DAY_OF_MONTH:
        return month, days - first
    if kind == DAYS_TO_END:
        return month, days - following
    if kind == BUSINESS_DAY:
        return month, np.busday_count(first.astype("datetime64[D]"), at)
    if kind == BUSINESS_DAYS_TO_END:
        return month, -np.busday_count(at, following.astype("datetime64[D]"))
    if kind == WEEKDAY:
        return month, (days - first) // 7 * 7 + (days + 3) % 7
    if kind == LAST_WEEKDAY:
        return month, (following - 1 - days) // 7 * 7 + (days + 3) % 7
    after = days - first > 15
    return month + after, np.where(after, days - following, days - first)


def _day(kind: int, month: Integers, position: Integers) -> Any:
    """Return the day at a position of a month; days beyond its end are its last one."""
    first, following = _first(month), _first(month + 1)
    if kind == DAY_OF_MONTH:
        return np.minimum(first + position, following - 1)
    if kind == DAYS_TO_END:
        return np.maximum(following + position, first)
    if kind in (BUSINESS_DAY, BUSINESS_DAYS_TO_END):
        start = (first if kind == BUSINESS_DAY else following).astype("datetime64[D]")
        shifted: Integers = np.busday_offset(start, position, roll="forward").astype(np.int64)
        return shifted
    if kind in (WEEKDAY, LAST_WEEKDAY):
        week, weekday = np.divmod(position, 7)
        if kind == WEEKDAY:
            return first + 7 * week + (weekday - (first + 3)) % 7
        last = following - 1
        return last - 7 * week - ((last + 3) - weekday) % 7
    return first + position


def _first(month: Integers) -> Integers:
    result: Integers = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return result


def _usual_gap(days: Integers, there: Mask) -> Matrix:
    return lower_median(np.diff(days, axis=1), there[:, 1:] & there[:, :-1])


def lower_median(values: NDArray[np.int64], there: Mask) -> Matrix:
    """Return the lower median of the known values of each row; NaN without any."""
    count = there.sum(axis=1)
    ordered = np.sort(np.where(there, values, NO_DAY), axis=1)
    middle = np.take_along_axis(ordered, (np.maximum(count, 1)[:, None] - 1) // 2, axis=1)[:, 0]
    return np.where(count > 0, middle.astype(np.float64), np.nan)


def _mode(values: Integers, there: Mask) -> Integers:
    """Return the commonest known value of each row, the newest among equals."""
    votes = ((values[:, :, None] == values[:, None, :]) & there[:, None, :]).sum(axis=2)
    votes = np.where(there, votes * values.shape[1] + np.arange(values.shape[1]), -1)
    chosen: Integers = np.take_along_axis(values, votes.argmax(axis=1)[:, None], axis=1)[:, 0]
    return chosen
