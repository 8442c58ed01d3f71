"""Buckets: each moment is in exactly one, whatever the grain, the time zone and the changes of its clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lookout.project.declarations.grain import GRAINS, SHORT, BucketClock, Grain, zone_problem

# Half hours, quarters, half an hour of summer time, days that were skipped, midnights that do not exist.
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia",
    "Africa/Cairo", "America/Santiago", "Europe/Dublin",
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2005, 1, 1), datetime(2037, 1, 1)).map(lambda naive: naive.replace(tzinfo=timezone.utc))


def nanoseconds(moment: datetime) -> np.ndarray:
    return np.array([pd.Timestamp(moment).value])


@settings(max_examples=300, deadline=None)
@given(MOMENTS, st.sampled_from(GRAINS), st.sampled_from(ZONES))
@example(datetime(2026, 10, 25, 1, 30, tzinfo=timezone.utc), "5min", "Europe/Berlin")
@example(datetime(2011, 12, 30, 12, tzinfo=timezone.utc), "day", "Pacific/Apia")
@example(datetime(2026, 10, 3, 15, 45, tzinfo=timezone.utc), "hour", "Australia/Lord_Howe")
def test_each_moment_is_in_the_bucket_of_its_number(moment: datetime, grain: Grain, zone: str) -> None:
    clock = BucketClock(grain, zone)
    number = clock.numbers(nanoseconds(moment))
    begin, end = clock.starts(number), clock.ends(number)
    assert begin <= nanoseconds(moment) < end
    assert clock.numbers(begin) == clock.numbers(end - 1) == number
    assert clock.is_there(number).all()


@settings(max_examples=100, deadline=None)
@given(MOMENTS, st.sampled_from(GRAINS), st.sampled_from(ZONES))
@example(datetime(2011, 12, 28, tzinfo=timezone.utc), "day", "Pacific/Apia")
@example(datetime(2026, 3, 29, tzinfo=timezone.utc), "hour", "Europe/Berlin")
@example(datetime(2026, 10, 24, 22, tzinfo=timezone.utc), "hour", "Europe/Berlin")
def test_buckets_follow_each_other_without_a_gap_or_an_overlap(moment: datetime, grain: Grain, zone: str) -> None:
    clock = BucketClock(grain, zone)
    numbers = clock.number(moment) + np.arange(40)
    there = numbers[clock.is_there(numbers)]
    begins, ends, is_odd = clock.starts(there), clock.ends(there), clock.is_odd(there)
    # Parts of an hour that comes twice take turns; nobody judges them.
    assert ((begins[1:] == ends[:-1]) | (is_odd[1:] & is_odd[:-1])).all()
    assert (clock.numbers(begins) == there).all()


def test_the_days_and_hours_of_a_change_of_the_clock() -> None:
    day, hour = BucketClock("day", "Europe/Berlin"), BucketClock("hour", "Europe/Berlin")

    def lengths(clock: BucketClock, since: str, count: int) -> list[float]:
        numbers = clock.number(pd.Timestamp(since, tz="Europe/Berlin").to_pydatetime()) + np.arange(count)
        return ((clock.ends(numbers) - clock.starts(numbers)) / 3.6e12).tolist()

    assert lengths(day, "2026-03-28", 3) == [24, 23, 24]
    assert lengths(day, "2026-10-24", 3) == [24, 25, 24]
    assert lengths(hour, "2026-03-29 01:00", 3) == [1, 0, 1]
    assert lengths(hour, "2026-10-25 01:00", 3) == [1, 2, 1]
    kolkata = BucketClock("hour", "Asia/Kolkata")
    assert kolkata.floor(datetime(2026, 1, 1, 6, 29, tzinfo=timezone.utc)).minute == 30


@pytest.mark.parametrize(
    ("grain", "start"),
    [
        ("5min", "2026-03-11 12:30"), ("10min", "2026-03-11 12:30"), ("15min", "2026-03-11 12:30"),
        ("30min", "2026-03-11 12:30"), ("hour", "2026-03-11 12:00"), ("day", "2026-03-11"),
        ("week", "2026-03-09"), ("month", "2026-03-01"),
    ],
)  # fmt: skip
def test_buckets_in_utc_begin_where_people_expect_them(grain: Grain, start: str) -> None:
    moment = datetime(2026, 3, 11, 12, 34, 59, tzinfo=timezone.utc)
    assert BucketClock(grain).floor(moment) == pd.Timestamp(start, tz="UTC")
    assert (BucketClock(grain).step < timedelta(days=1)) == (grain in SHORT)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Europe/Berln", "did you mean 'Europe/Berlin'?"),
        ("europe/berlin", "did you mean 'Europe/Berlin'?"),
        ("New York", "did you mean 'America/New_York'?"),
        ("", "write a name like Europe/Berlin."),
        ("../etc/passwd", "write a name like Europe/Berlin."),
    ],
)
def test_an_unknown_zone_earns_advice(name: str, advice: str) -> None:
    assert zone_problem(name) == advice
    assert zone_problem("Europe/Berlin") is None
