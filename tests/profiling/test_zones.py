"""Tables of every grain, and of time zones over both changes of the clock, through the query of a collection."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.project.declarations.grain import GRAINS, BucketClock, Grain
from lookout.project.declarations.monitor import Monitor
from tests.profiling.test_query import VOLUME, database, profile, run

assert database  # a fixture
# Clocks of runs after the changes of spring and of autumn, and how far back each looks.
SPRING, AUTUMN = (datetime(2026, month, 10, 10, 3, tzinfo=timezone.utc) for month in (4, 11))
HISTORY = timedelta(days=20)


@pytest.fixture(scope="module")
def rows(database: Any) -> pd.Series[Any]:
    """A row every 17 minutes of 2026, at the same moment as an instant and as three local times."""
    run(
        database,
        "create table rows_of_2026 as select at, at at time zone 'Europe/Berlin' as berlin, "
        "at at time zone 'America/New_York' as new_york, (at at time zone 'Europe/Berlin')::date as day_in_berlin "
        "from generate_series(timestamptz '2026-01-01 00:00+00', '2026-11-10 10:00+00', interval '17 minutes') as at",
    )
    return pd.Series(pd.date_range("2026-01-01", "2026-11-10 10:00", freq="17min", tz="UTC"))


def counts(clock: BucketClock, moments: pd.Series[Any], as_of: datetime) -> dict[pd.Timestamp, float]:
    """Count rows by bucket in Python: what the database has to count, too."""
    numbers = clock.numbers(moments.to_numpy(dtype="datetime64[ns]").view(np.int64))
    since = numbers[numbers >= clock.number(as_of - HISTORY)].min()
    spine = np.arange(since, clock.number(as_of))
    spine = spine[clock.is_there(spine)]
    found = pd.Series(numbers).value_counts()
    return {
        pd.Timestamp(start, tz="UTC"): float(found.get(number, 0))
        for number, start in zip(spine, clock.starts(spine), strict=True)
    }


def watched(grain: Grain, zone: str, column: str) -> Monitor:
    return Monitor("batch", "public", "rows_of_2026", column, grain, VOLUME, time_zone=zone, history=HISTORY)


def stored(database: Any, monitor: Monitor, as_of: datetime, metric: str = "row_count") -> dict[pd.Timestamp, float]:
    frame = profile(database, monitor, as_of, since=as_of - HISTORY).observations
    frame = frame[frame["metric"] == metric]
    return dict(zip(frame["bucket_start"], frame["value"], strict=True))


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize(
    ("zone", "column"),
    [
        ("UTC", "at"),
        ("Europe/Berlin", "at"),
        ("America/New_York", "at"),
        ("Asia/Kolkata", "at"),
        ("Europe/Berlin", "berlin"),
    ],
)
def test_the_database_counts_the_rows_of_each_bucket(
    database: Any, rows: pd.Series[Any], grain: Grain, zone: str, column: str
) -> None:
    monitor = watched(grain, zone, column)
    for as_of in (SPRING, AUTUMN):
        found = stored(database, monitor, as_of)
        assert found == counts(monitor.clock, rows[rows <= as_of], as_of)
        assert found


@pytest.mark.parametrize("column", ["at", "berlin", "day_in_berlin"])
def test_days_in_berlin_have_23_24_and_25_hours(database: Any, rows: pd.Series[Any], column: str) -> None:
    monitor = watched("day", "Europe/Berlin", column)
    for as_of, change, usual in ((SPRING, "2026-03-29", (81, 82)), (AUTUMN, "2026-10-25", (88, 89))):
        found = stored(database, monitor, as_of)
        midnight = pd.Timestamp(change, tz="Europe/Berlin")
        assert found.pop(midnight) in usual  # rows every 17 minutes for 23 and for 25 hours
        assert set(found.values()) == {84, 85}
        assert (midnight + pd.DateOffset(days=1)).tz_convert("UTC") in found


def test_local_times_without_a_zone_are_as_old_as_instants(database: Any, rows: pd.Series[Any]) -> None:
    instants, local_times = (watched("hour", "America/New_York", column) for column in ("at", "new_york"))
    by_instant, by_local_time = (stored(database, one, AUTUMN, "freshness") for one in (instants, local_times))
    # Only in the hour that comes twice nobody can tell.
    wrong = {key for key, age in by_instant.items() if by_local_time[key] != age}
    assert wrong <= {pd.Timestamp("2026-11-01 05:00", tz="UTC"), pd.Timestamp("2026-11-01 04:00", tz="UTC")}
    assert max(by_local_time.values()) < 18 * 60
    assert profile(database, local_times, AUTUMN).latest_at == rows.max()


def test_without_a_zone_local_times_count_as_utc(database: Any, rows: pd.Series[Any]) -> None:
    assert profile(database, watched("hour", "UTC", "berlin"), AUTUMN).future_rows == 4
