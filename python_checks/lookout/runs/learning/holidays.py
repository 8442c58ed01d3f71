"""Public holidays of series: the buckets that are on one, and the buckets that tell what earlier ones were like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from lookout.baseline.judge import judge_holidays
from lookout.baseline.rules.holidays import WEEKS_AROUND, Effects, counts_nothing, effects_of
from lookout.baseline.settings import complete
from lookout.project.declarations.grain import GRAIN_STEP, Grain
from lookout.project.holidays import Holiday, holidays_between

Times = npt.NDArray[np.datetime64]
# An occurrence this near belongs to the same holiday: a day that was moved, or a holiday of several days.
SAME = timedelta(days=60)
# Earlier occurrences count for so long.
MEMORY = timedelta(days=5 * 366)
_WEEKS = [*range(-WEEKS_AROUND, 0), *range(1, WEEKS_AROUND + 1)]
AROUND = timedelta(weeks=WEEKS_AROUND, days=1)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


@dataclass(frozen=True)
class Group:
    """Series with the same countries, zone and grain: ``keys`` are theirs, ``holidays`` those from ``first`` on."""

    codes: tuple[str, ...]
    zone: str
    step: timedelta
    keys: pd.Index[str]
    holidays: tuple[Holiday, ...]

    @cached_property
    def days(self) -> Times:
        """Return the local days, in order."""
        return np.array([holiday.day for holiday in self.holidays], dtype="datetime64[D]")

    def local(self, times: pd.Series[Any] | pd.DatetimeIndex) -> Times:
        """Return the local time of moments, without a zone."""
        return pd.DatetimeIndex(times).tz_convert(self.zone).tz_localize(None).to_numpy(dtype="datetime64[s]")

    def moments(self, local: Any) -> pd.DatetimeIndex:
        """Return moments from local times; an hour that the clock skips is the one after it."""
        wall = pd.DatetimeIndex(local)
        first: Any = np.ones(len(wall), dtype=bool)
        return wall.tz_localize(self.zone, ambiguous=first, nonexistent="shift_forward").tz_convert("UTC")

    def numbers(self, local: Times) -> npt.NDArray[np.int64]:
        """Return the number of the holiday that each local time is on, -1 for none."""
        if not len(self.days):
            return np.full(len(local), -1)
        day = local.astype("datetime64[D]")
        at = np.minimum(np.searchsorted(self.days, day), len(self.days) - 1)
        return np.where(self.days[at] == day, at, -1)

    def earlier(self, number: int) -> list[tuple[date, bool]]:
        """Return the days on which a holiday was before, and whether each is most like it.

        Most like it are those in the same part of the week, if there are any, and of them those moved as it was.
        """
        holiday = self.holidays[number]
        found = [
            other
            for other in self.holidays[:number]
            if other.keys & holiday.keys and SAME < holiday.day - other.day <= MEMORY
        ]
        likeness = [
            ((other.day.weekday() >= 5) == (holiday.day.weekday() >= 5), other.is_moved == holiday.is_moved)
            for other in found
        ]
        return [(other.day, like == max(likeness)) for other, like in zip(found, likeness, strict=True)]

    def buckets(self) -> pd.DatetimeIndex:
        """Return the starts of all buckets on holidays."""
        in_a_day = np.arange(timedelta(days=1) // self.step) * np.timedelta64(self.step)
        return self.moments((self.days[:, None].astype("datetime64[s]") + in_a_day).ravel())


def groups_of(series: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> list[Group]:
    """Return the series that have holidays, by countries, zone and grain, with the holidays of the years in question.

    ``series`` is indexed by series key and has a grain and, if wanted, ``holidays`` and ``time_zone``. A week or a
    month is more than its holiday, so only series of shorter buckets have any.
    """
    if "holidays" not in series.columns or pd.isna(first) or pd.isna(last):
        return []
    years = [min(max(moment.year, _FIRST_YEAR), _LAST_YEAR) for moment in (first, last)]
    zones = series["time_zone"] if "time_zone" in series.columns else pd.Series("UTC", series.index)
    frame = pd.DataFrame({"codes": series["holidays"], "zone": zones.fillna("UTC"), "grain": series["grain"]})
    frame = frame[frame["codes"].notna() & (frame["codes"] != "")]
    result = []
    for (codes, zone, grain), part in frame.groupby(["codes", "zone", "grain"]):
        step = GRAIN_STEP.get(cast(Grain, grain))
        if step is not None and step <= timedelta(days=1):
            names = tuple(str(codes).split(", "))
            result.append(Group(names, str(zone), step, part.index, holidays_between(names, *years)))
    return result


def holiday_numbers(group: Group, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the number of the holiday of each row (series_key, bucket_start); -1 for none, or for other series."""
    result = np.full(len(frame), -1, dtype=np.int64)
    mine = np.flatnonzero(frame["series_key"].isin(group.keys).to_numpy())
    if len(mine):
        result[mine] = group.numbers(group.local(frame["bucket_start"].iloc[mine]))
    return result


def on_holidays(groups: Sequence[Group], frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return whether each row (series_key, bucket_start) is on a holiday of its series."""
    result = np.zeros(len(frame), dtype=bool)
    for group in groups:
        result |= holiday_numbers(group, frame) >= 0
    return result


def with_empty_holidays(groups: Sequence[Group], points: pd.DataFrame) -> pd.DataFrame:
    """Return points with an empty one for each bucket on a holiday, between the first and the last of a series, that
    has none: what is not there cannot be left out.
    """
    ends = points.groupby("series_key", observed=True)["bucket_start"].agg(["min", "max"])
    parts = [points]
    for group in groups:
        keys = group.keys.intersection(ends.index.astype(str))
        buckets = group.buckets()
        every = pd.DataFrame({"series_key": np.repeat(keys, len(buckets)), "bucket_start": np.tile(buckets, len(keys))})
        every["bucket_start"] = every["bucket_start"].astype(points["bucket_start"].dtype)
        limits = ends.set_axis(ends.index.astype(str)).loc[every["series_key"]]
        inside = (every["bucket_start"].array >= limits["min"].array) & (
            every["bucket_start"].array <= limits["max"].array
        )
        every = every[inside]
        known = points.loc[holiday_numbers(group, points) >= 0, ["series_key", "bucket_start"]]
        lacking = _positions(every, group.keys)
        is_new = ~np.isin(lacking, _positions(known, group.keys))
        parts.append(every[is_new].assign(value=np.nan))
    if len(parts) == 1:
        return points
    dtype = points["series_key"].dtype
    return pd.concat([part.astype({"series_key": object}) for part in parts], ignore_index=True).astype(
        {"series_key": dtype}
    )


def _positions(frame: pd.DataFrame, keys: pd.Index[str]) -> npt.NDArray[np.int64]:
    """Return series and time as one number."""
    codes = keys.get_indexer(pd.Index(frame["series_key"].astype(str)))
    seconds = pd.DatetimeIndex(frame["bucket_start"]).as_unit("s").to_numpy(dtype="datetime64[s]").view(np.int64)
    return cast("npt.NDArray[np.int64]", (codes.astype(np.int64) << 34) + seconds)


def judged_holidays(
    groups: Sequence[Group], series: pd.DataFrame, points: pd.DataFrame, result: pd.DataFrame
) -> pd.DataFrame:
    """Return judged buckets with a column ``holiday``, and those on one judged by its earlier occurrences.

    ``points`` are all that is known, also of earlier years: ``excluded`` marks what is not to be learned from, and
    ``is_left_out`` those of them that are so for another reason than a holiday.
    """
    result = result.assign(holiday=pd.Series(None, index=result.index, dtype=object))
    parts, is_ordinary = [], np.ones(len(result), dtype=bool)
    for group in groups:
        numbers = holiday_numbers(group, result)
        chosen = np.flatnonzero(numbers >= 0)
        if len(chosen):
            rows, own = result.iloc[chosen], series.loc[group.keys]
            labels = [group.holidays[number].label for number in numbers[chosen]]
            effects = _effects(group, own, rows, numbers[chosen], points)
            parts.append(judge_holidays(rows, own, labels, effects).assign(holiday=labels))
            is_ordinary[chosen] = False
    if not parts:
        return result
    return pd.concat([result[is_ordinary], *parts]).sort_index()


def earlier_stretches(
    groups: Sequence[Group], since: pd.Timestamp, until: pd.Timestamp
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of time around earlier occurrences of the holidays between two moments, none twice."""
    days = {
        day
        for group in groups
        for number, holiday in enumerate(group.holidays)
        if since.date() - timedelta(days=1) <= holiday.day <= until.date() + timedelta(days=1)
        for day, _ in group.earlier(number)
    }
    done = pd.Timestamp(0, tz="UTC")
    for day in sorted(days):
        middle = pd.Timestamp(day, tz="UTC")
        starts, ends = max(middle - AROUND, done), middle + AROUND + timedelta(days=1)
        yield starts.to_pydatetime(), ends.to_pydatetime()
        done = ends


def _effects(
    group: Group, series: pd.DataFrame, rows: pd.DataFrame, numbers: npt.NDArray[np.int64], points: pd.DataFrame
) -> Effects:
    known = {number: group.earlier(int(number)) for number in np.unique(numbers)}
    row = np.repeat(np.arange(len(rows)), [len(known[number]) for number in numbers])
    earlier = [occurrence for number in numbers for occurrence in known[number]]
    is_alike = np.array([alike for _, alike in earlier], dtype=bool)
    settings = complete(series).loc[pd.Index(rows["series_key"].iloc[row].astype(str))]
    local = group.local(rows["bucket_start"])
    in_the_day = local - local.astype("datetime64[D]")
    days = np.array([day for day, _ in earlier], dtype="datetime64[s]") + in_the_day[row]
    weeks = np.array([0, *_WEEKS]) * np.timedelta64(7, "D")
    moments = group.moments((days[:, None] + weeks).ravel())
    wanted = pd.DataFrame(
        {"series_key": np.repeat(rows["series_key"].to_numpy()[row], len(weeks)), "bucket_start": moments}
    )
    at, is_there = _found(wanted, points, group.keys)
    shape = (len(row), len(weeks))
    value = points["value"].to_numpy(dtype=np.float64)[at].reshape(shape)
    is_nothing = counts_nothing(settings)[:, None]
    is_left_out, excluded = (
        points[name].to_numpy(dtype=bool)[at].reshape(shape) for name in ("is_left_out", "excluded")
    )
    is_there = is_there.reshape(shape)
    then = np.where(np.isnan(value) & is_nothing, 0.0, value)[:, 0]
    then = np.where(is_there[:, 0] & ~is_left_out[:, 0], then, np.nan)
    is_usual = is_there & ~excluded & ~((settings["metric"] == "row_count").to_numpy()[:, None] & (value == 0))
    around = np.where(is_usual, value, np.nan)[:, 1:]
    return effects_of(row, len(rows), is_alike, then, around, settings)


def _found(
    wanted: pd.DataFrame, points: pd.DataFrame, keys: pd.Index[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the number of the point of each wanted bucket, and whether there is one."""
    known, asked = _positions(points, keys), _positions(wanted, keys)
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known, asked, sorter=order), len(order) - 1)]
    return at, known[at] == asked
