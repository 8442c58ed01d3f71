"""Judging by every grain, in time zones over changes of the clock, and with two days of history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.baseline.judge import judge
from lookout.baseline.settings import LOOKBACK, lookback
from lookout.project.declarations.grain import GRAINS, BucketClock, Grain


def one(grain: Grain, key: str = "s", **settings: Any) -> pd.DataFrame:
    settings = {"kind": "count", "metric": "row_count"} | settings
    return pd.DataFrame({"grain": [grain], **{name: [value] for name, value in settings.items()}}, index=[key])


def points(clock: BucketClock, first: int, values: Any, key: str = "s") -> pd.DataFrame:
    """Return points of the buckets from number ``first`` on."""
    starts = pd.DatetimeIndex(clock.starts(first + np.arange(len(values))), tz="UTC")
    return pd.DataFrame({"series_key": key, "bucket_start": starts, "value": values})


def first_of(clock: BucketClock, day: str) -> int:
    return clock.number(pd.Timestamp(day, tz=clock.zone).to_pydatetime())


# How many buckets beyond the history that a judging needs.
LATE: dict[Grain, list[int]] = {"30min": [20, 61], "5min": [7], "week": [6, 13], "month": [6, 12]}


@pytest.mark.parametrize("grain", list(LATE))
def test_nothing_older_than_the_lookback_matters(grain: Grain) -> None:
    clock = BucketClock(grain)
    starts = [int(LOOKBACK[grain] / clock.step) + late for late in LATE[grain]]
    size = starts[-1] + 3
    rng = np.random.default_rng(3)
    values = rng.poisson(np.array([[8.0], [300.0], [20_000.0]]), (3, size)).astype(float)
    values[rng.random(values.shape) < 0.02] = np.nan
    other = np.where(rng.random(values.shape) < 0.5, np.nan, rng.poisson(900, values.shape))
    series = pd.concat([one(grain, "a"), one(grain, "b", method="zscore"), one(grain, "c", kind="real")])
    reach = int(lookback(series)[grain] / clock.step)
    for at in starts:
        since = pd.Series(pd.DatetimeIndex(clock.starts(np.full(3, at)), tz="UTC"), index=series.index)
        results = []
        for replaced in (values, other, np.full(values.shape, np.nan)):
            history = values.copy()
            history[:, : at - reach] = replaced[:, : at - reach]
            frame = pd.concat([points(clock, 0, row, key) for key, row in zip(series.index, history, strict=True)])
            results.append(judge(series, frame, judge_from=since, horizon=2))
        pd.testing.assert_frame_equal(results[0], results[1], check_exact=True)
        pd.testing.assert_frame_equal(results[0], results[2], check_exact=True)
        assert (results[0]["status"] == "judged").any()


def test_utc_by_another_name_gives_the_same_to_the_last_bit() -> None:
    rng = np.random.default_rng(5)
    for grain, size in (("hour", 24 * 30), ("day", 90), ("week", 40), ("month", 30), ("15min", 96 * 19)):
        clock = BucketClock(grain)  # type: ignore[arg-type]
        frame = points(clock, first_of(clock, "2026-03-02"), rng.poisson(400, size).astype(float))
        plain = judge(one(grain), frame, horizon=2)  # type: ignore[arg-type]
        for zone in ("UTC", "Etc/UTC"):
            pd.testing.assert_frame_equal(judge(one(grain, time_zone=zone), frame, horizon=2), plain)  # type: ignore[arg-type]


def rows_by_local_time(clock: BucketClock, first: int, count: int) -> np.ndarray:
    """Return rows of a busy day at each hour of a week, half at weekends, times the length of the bucket."""
    numbers = first + np.arange(count)
    walls = pd.DatetimeIndex(clock.walls(numbers))
    busy = np.where((walls.hour >= 8) & (walls.hour < 18), 1000, 150) * np.where(walls.dayofweek < 5, 1.0, 0.5)
    length = (clock.ends(numbers) - clock.starts(numbers)) / (clock.step.total_seconds() * 1e9)
    if clock.grain == "day":
        busy = np.where(walls.dayofweek < 5, 24_000, 9_000)
    share = 0.005 if clock.grain == "day" else 0.02
    noise = np.random.default_rng(1).uniform(1 - share, 1 + share, count)
    return np.round(busy * length * noise)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
@pytest.mark.parametrize(("grain", "count"), [("hour", 24 * 310), ("day", 320)])
def test_no_change_of_the_clock_is_an_alert(zone: str, grain: Grain, count: int) -> None:
    clock = BucketClock(grain, zone)
    first = first_of(clock, "2026-01-05")
    values = rows_by_local_time(clock, first, count)
    there = clock.is_there(first + np.arange(count))
    judged = judge(one(grain, time_zone=zone), points(clock, first, values)[there], horizon=0)
    assert len(judged) == there.sum()
    assert judged["bucket_start"].is_monotonic_increasing
    assert judged["bucket_start"].is_unique
    assert judged.loc[judged["severity"] == "critical", ["bucket_start", "reason"]].to_numpy().tolist() == []
    odd = judged[judged["status"] == "excluded"]
    changes = {"Asia/Kolkata": 0, "Australia/Lord_Howe": 2}.get(zone, 1)
    assert odd["reason"].tolist() == ["the clock was changed in this hour"] * (changes if grain == "hour" else 0)


def test_by_the_days_of_another_zone_the_same_rows_would_alert() -> None:
    """What the property above would miss: with hours of UTC the busy hours begin at another hour after the change."""
    berlin, utc = BucketClock("hour", "Europe/Berlin"), BucketClock("hour")
    first = first_of(berlin, "2026-01-05")
    frame = points(berlin, first, rows_by_local_time(berlin, first, 24 * 90))[
        berlin.is_there(first + np.arange(24 * 90))
    ]
    judged = judge(one("hour"), frame)
    assert utc.zone == "UTC"
    assert (judged["severity"] == "critical").sum() > 5


def test_a_missing_day_is_told_by_the_weekday_of_its_zone() -> None:
    clock = BucketClock("day", "Pacific/Auckland")
    first = first_of(clock, "2026-01-05")
    values = np.full(60, 500.0) + np.arange(60) % 7
    values[49] = 0
    row = judge(one("day", time_zone=clock.zone), points(clock, first, values)).iloc[49]
    assert row["severity"] == "critical"
    assert row["reason"].startswith("no rows; every Monday before had ")


@pytest.mark.parametrize(("grain", "learning"), [("week", 8), ("month", 6)])
def test_weeks_and_months_are_judged_by_their_level(grain: Grain, learning: int) -> None:
    clock = BucketClock(grain, "Europe/Berlin")
    values = np.random.default_rng(4).poisson(1000, 24).astype(float)
    values[20], values[23] = 480, 0
    judged = judge(one(grain, time_zone=clock.zone), points(clock, first_of(clock, "2024-01-01"), values))
    assert (judged["status"] == "learning").sum() == learning
    assert judged["reason"][0] == f"needs {learning} more {grain}s of history"
    assert judged.loc[judged["severity"] == "critical"].index.tolist() == [20, 23]
    assert judged["reason"][23].startswith(f"no rows; every {grain} before had ")


@pytest.mark.parametrize("grain", ["5min", "30min", "hour"])
def test_hours_without_a_rhythm_are_judged_after_two_days(grain: Grain) -> None:
    clock = BucketClock(grain)
    a_day = int(pd.Timedelta(days=1) / clock.step)
    values = np.random.default_rng(7).poisson(800, 4 * a_day).astype(float)
    values[3 * a_day + 5], values[3 * a_day + 9 :] = 90, 0
    judged = judge(one(grain), points(clock, first_of(clock, "2026-01-05"), values))
    assert (judged["status"][: 2 * a_day] == "learning").all()
    assert (judged["status"][2 * a_day :] == "judged").mean() > 0.9
    assert not (judged["severity"][: 3 * a_day] == "critical").any()
    fault = judged.iloc[3 * a_day + 5]
    assert fault["severity"] == "critical"
    assert (
        fault["reason"].endswith(" of the usual 800, judged by 3 days of history")
        or "judged by 3 days" in fault["reason"]
    )
    silence = judged.iloc[3 * a_day + 9 :]
    assert (silence["severity"] == "critical").all()
    assert silence["reason"].unique().tolist() == ["no rows, judged by 3 days of history"]


@pytest.mark.parametrize("shape", ["rush hours", "sine", "a job at night"])
def test_hours_with_a_rhythm_raise_nothing_before_it_is_known(shape: str) -> None:
    hours = np.arange(24 * 16) % 24
    level = {
        "rush hours": np.where((hours == 8) | (hours == 9) | (hours == 17), 3000.0, 500.0),
        "sine": 1000 + 700 * np.sin(2 * np.pi * hours / 24),
        "a job at night": np.where(hours == 3, 9000.0, 400.0),
    }[shape]
    rng, clock = np.random.default_rng(2), BucketClock("hour")
    keys = [f"s{number}" for number in range(10)]
    series = pd.concat([one("hour", key) for key in keys])
    values = rng.poisson(level * np.exp(rng.normal(0, 0.05, (10, len(level))))).astype(float)
    frame = pd.concat([points(clock, 500_000, row, key) for key, row in zip(keys, values, strict=True)])
    judged = judge(series, frame)
    assert (judged["severity"] == "critical").sum() == 0
    if shape != "a job at night":
        assert (judged["status"] == "judged").mean() < 0.02


def test_each_minute_of_the_hour_has_its_own_level() -> None:
    clock = BucketClock("15min")
    first = first_of(clock, "2026-01-05")
    levels = np.tile([100.0, 400.0, 1600.0, 6400.0], 24 * 20)
    values = np.round(levels * np.random.default_rng(6).uniform(0.97, 1.03, len(levels)))
    values[-3] = 1600
    frame = points(clock, first, values)
    judged = judge(one("15min"), frame, horizon=3).set_index("bucket_start")
    known = judged[judged["status"].isin(["judged", "forecast"])]
    expected = levels[:4][(known.index.minute // 15).to_numpy()]
    assert (known["expected_value"] / expected).between(0.9, 1.1).all()
    assert judged.index[judged["severity"] == "critical"].tolist() == [frame["bucket_start"].iloc[-3]]


def test_every_grain_has_a_lookback_and_a_clock() -> None:
    assert set(LOOKBACK) == set(GRAINS)
    assert all(LOOKBACK[grain] > BucketClock(grain).step for grain in GRAINS)
