"""Feeds that are late by habit, and by fault, run by run with a moving clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.conftest import MONITORING, Observed

START = datetime(2026, 3, 2, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


class Feed:
    """Tables whose rows are there from the moment on at which they came."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        observed.sql("create table clock (now timestamptz); insert into clock values ('2026-01-01Z')")
        observed.sql("create table deliveries (feed text, at timestamptz, came timestamptz)")

    def comes(self, feed: str, since: datetime, until: datetime, every: str, came: str) -> None:
        self.observed.sql(
            f"insert into deliveries select %s, at, {came} from generate_series(%s::timestamptz, %s, %s::interval) as at",
            (feed, since, until - timedelta(seconds=1), every),
        )

    def declare(self, **feeds: dict[str, Any]) -> None:
        for feed in feeds:
            self.observed.sql(
                f"create or replace view {feed} as select at from deliveries where feed = '{feed}' "
                "and came <= (select now from clock)"
            )
        self.observed.declare({feed: {"timestamp_column": "at", **settings} for feed, settings in feeds.items()})

    def run(self, clock: datetime) -> list[tuple[str, str, str]]:
        """Run at a moment; return the open alerts."""
        self.observed.sql("update clock set now = %s", (clock,))
        summary = self.observed.run(clock.isoformat())
        assert not summary.problems
        return self.alerts("status = 'open'")

    def alerts(self, condition: str = "true") -> list[tuple[str, str, str]]:
        return self.observed.sql(
            f"select asset, alert_type, description from {MONITORING}.alerts where {condition} order by 1, 2, window_start",
            at="observed",
        )


@pytest.fixture
def feed(observed: Observed) -> Feed:
    return Feed(observed)


def lasting(found: list[list[tuple[str, str, str]]]) -> list[int]:
    """At which of the runs an alert is open."""
    return [number for number, alerts in enumerate(found) if alerts]


def test_hourly_feeds_that_are_late(feed: Feed) -> None:
    """Late by habit: nothing. Later than that, late for good, and dead: one alert each, with rows or without."""
    history, end = START - 30 * 24 * HOUR, START + 24 * HOUR
    turn, stop = START + 6 * HOUR, START + 3 * HOUR + 20 * timedelta(minutes=1)
    late = "at + interval '5 hours'"
    feed.comes("habit", history, end, "2 minutes", late)
    feed.comes("declared", history, end, "2 minutes", late)
    feed.comes("dead", history, stop, "2 minutes", late)
    feed.comes("turned", history, turn, "2 minutes", "at")
    feed.comes("turned", turn, end, "2 minutes", late)
    hourly = {"grain": "hour"}
    feed.declare(habit=hourly, dead=hourly, turned=hourly, declared={**hourly, "delay": "5 hours"})
    found: dict[str, list[list[tuple[str, str, str]]]] = {"habit": [], "declared": [], "dead": [], "turned": []}
    for hour in range(15):
        alerts = feed.run(START + hour * HOUR)
        for name, seen in found.items():
            seen.append([alert for alert in alerts if alert[0] == f"public.{name}"])
    assert (lasting(found["habit"]), lasting(found["declared"])) == ([], [])
    assert feed.alerts("asset in ('public.habit', 'public.declared')") == []
    assert lasting(found["turned"]) == list(range(7, 15))
    assert lasting(found["dead"]) == list(range(lasting(found["dead"])[0], 15))
    assert lasting(found["dead"])[0] in (9, 10)
    # One each, with one start, whichever metrics showed it.
    ((dead, dead_type, dead_text), (turned, turned_type, turned_text)) = feed.alerts()
    assert (dead, turned) == ("public.dead", "public.turned")
    assert (dead_type, turned_type) == ("STALE_DATA_FLOW", "STALE_DATA_FLOW")
    assert dead_text == (
        "late load: the hour 2026-03-02 03:00 UTC is usually complete by 2026-03-02 09:00 UTC; no new rows for 10.7 h"
    )
    assert turned_text.endswith("; no new rows for 5.0 h")
    ((states,),) = feed.observed.sql(
        f"select array_agg(distinct state) from {MONITORING}.asset_states where asset in ('public.habit', 'public.declared')",
        at="observed",
    )
    assert states == ["ok"]


def test_a_day_that_is_loaded_in_the_afternoon_of_the_next(feed: Feed) -> None:
    """Nothing while it is as late as usual, one alert while it is later, and the day is judged once it is there."""
    day = 24 * HOUR
    for number in range(-60, 3):
        start = START + number * day
        came = {1: "17 hours 30 minutes", 2: "300 hours"}.get(number, "14 hours")
        count = 48 if number == 1 else 144
        for table in ("loads", "dates"):
            every = f"{24 * 60 // count} minutes" if table == "loads" else "1 day"
            feed.comes(table, start, start + day, every, f"date_trunc('day', at) + interval '1 day {came}'")
    feed.observed.sql(
        "insert into deliveries select feed, at, came from deliveries, generate_series(1, 99) where feed = 'dates'"
    )
    feed.declare(loads={}, dates={})
    hours = [
        10,
        13,
        15,
        20,
        24 + 8,
        24 + 13,
        24 + 15,
        48 + 8,
        48 + 13,
        48 + 15,
        48 + 17,
        48 + 18,
        48 + 20,
        72 + 13,
        72 + 17,
    ]
    found = {hour: feed.run(START + hour * HOUR) for hour in hours}
    assert [hour for hour in hours if found[hour]] == [48 + 17, 48 + 18, 48 + 20, 72 + 13, 72 + 17]
    late = [(asset, kind) for asset, kind, text in found[48 + 17] if text.startswith("late load: the day 2026-03-03 ")]
    assert late == [("public.dates", "STALE_DATA_FLOW"), ("public.loads", "STALE_DATA_FLOW")]
    assert len(found[48 + 17]) == 2
    # The third of the rows that came at last is a fall of its own; the day after never came.
    assert found[48 + 20] == [("public.loads", "VOLUME_ANOMALY", "row_count was 48, expected about 144")]
    assert [kind for _, kind, _ in found[72 + 17]] == ["STALE_DATA_FLOW", "STALE_DATA_FLOW", "VOLUME_ANOMALY"]
    assert len(feed.alerts()) == 5


def test_a_share_of_rows_without_a_time_that_grows(feed: Feed) -> None:
    """Of its own and with its cause, until it is as before; where a share never had one, that is usual."""
    observed = feed.observed
    for name in ("clean", "half"):
        observed.sql(f"create table {name} (at timestamptz)")
        observed.sql(
            f"insert into {name} select at from generate_series('2026-01-01Z', '2026-03-01 23:59Z', interval '10 minutes') as at"
        )
    observed.declare({"clean": {"timestamp_column": "at"}, "half": {"timestamp_column": "at"}})
    share = {"clean": [0, 0, 0, 0, 0, 0.67, 0.67, 0], "half": [0.4] * 8}
    found = []
    for number in range(8):
        start = START + number * 24 * HOUR
        for name, shares in share.items():
            observed.sql(
                f"insert into {name} select case when n > %s then at end from (select at, row_number() over (order by at) as n "
                "from generate_series(%s::timestamptz, %s, interval '10 minutes') as at) as rows",
                (144 * shares[number], start, start + 24 * HOUR - timedelta(minutes=1)),
            )
        found.append(feed.run(start + 24 * HOUR))
    told = [[text for _, kind, text in alerts if kind == "METRIC_ANOMALY"] for alerts in found]
    assert told[5] == [
        "67 % of the rows that came since 2026-03-07 00:00 UTC have no timestamp (column at), usually 0 %"
    ]
    assert [len(texts) for texts in told] == [0, 0, 0, 0, 0, 1, 1, 0]
    assert len(feed.alerts("alert_type = 'METRIC_ANOMALY'")) == 1
    (fall,) = feed.alerts("asset = 'public.clean' and alert_type = 'VOLUME_ANOMALY'")
    assert "have no timestamp" in fall[2]
