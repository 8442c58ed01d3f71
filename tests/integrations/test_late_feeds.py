"""Feeds that are late by habit, and by fault, run by run with a moving clock."""

from __future__ import annotations

from collections.abc import Iterator
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
def feed(observed: Observed) -> Iterator[Feed]:
    yield Feed(observed)


def test_a_feed_five_hours_late(feed: Feed) -> None:
    stop = START + 3 * 24 * HOUR
    feed.comes("events", START - 30 * 24 * HOUR, stop, "2 minutes", "at + interval '5 hours'")
    feed.declare(events={"grain": "hour"})
    for hour in range(14):
        found = feed.run(START + hour * HOUR)
        print(hour, found)
        print(feed.observed.sql(f"select due_until, arrived_until, usual_delay_seconds, late_since, new_rows from {MONITORING}.collection_results order by as_of desc limit 1", at="observed"))
        print(feed.observed.sql(f"select state, reason from {MONITORING}.series_states", at="observed"))
    assert feed.alerts() == []
