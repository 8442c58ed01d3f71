"""Tables of several grains and of two time zones through whole runs, over the change of the clock in autumn."""

from __future__ import annotations

import logging

import pytest

from tests.conftest import MONITORING, Observed

FILL = """
create table berlin (at timestamp);
insert into berlin select shown + n * interval '7 seconds' from (
    select moment at time zone 'Europe/Berlin' as shown
    from generate_series(timestamptz '2026-09-20 22:00Z', timestamptz '2026-10-28 09:00Z', interval '1 hour') as moment
) as hours, generate_series(1, case when extract(hour from shown) between 8 and 17 then 220 else 40 end
    + (extract(epoch from shown)::bigint / 3600 * 13 % 9)::int) as n;
create table days_in_new_york (at timestamptz);
insert into days_in_new_york select moment + n * interval '3 seconds'
from generate_series(timestamptz '2026-08-01 04:00Z', timestamptz '2026-11-04 04:00Z', interval '1 hour') as moment,
    generate_series(1, 30 + (extract(epoch from moment)::bigint / 3600 * 7 % 5)::int) as n;
create table quarters (at timestamptz);
insert into quarters select moment + n * interval '2 seconds'
from generate_series(timestamptz '2026-10-24 00:00Z', timestamptz '2026-10-28 08:15Z', interval '15 minutes') as moment,
    generate_series(1, 60 + (extract(epoch from moment)::bigint / 900 * 31 % 11)::int) as n;
create table weeks (at date);
insert into weeks select day::date + 2 from generate_series(timestamp '2026-05-04', timestamp '2026-10-20', interval '7 days') as t (day),
    generate_series(1, case when day = '2026-10-19' then 40 else 100 + (extract(doy from day)::int % 5) end) as n;
create table months (at timestamptz);
insert into months select month + interval '8 days'
from generate_series(timestamptz '2025-08-01Z', timestamptz '2026-09-01Z', interval '1 month') as month,
    generate_series(1, 300 + (extract(month from month)::int * 7 % 5)) as n;
"""
TABLES = {
    "berlin": {"grain": "hour", "time_zone": "Europe/Berlin"},
    "days_in_new_york": {"grain": "day", "time_zone": "America/New_York"},
    "quarters": {"grain": "15min"},
    "weeks": {"grain": "week"},
    "months": {"grain": "month", "history": "600 days"},
}


def declared(**changed: dict[str, object]) -> dict[str, dict[str, object]]:
    common = {"timestamp_column": "at", "metrics": ["row_count"]}
    return {name: {**common, **settings, **changed.get(name, {})} for name, settings in TABLES.items()}


def test_whole_runs_by_every_grain_and_over_a_change_of_the_clock(
    observed: Observed, caplog: pytest.LogCaptureFixture
) -> None:
    def alerts() -> list[tuple[object, ...]]:
        return observed.sql(
            f"select asset, status, window_start::text, window_end::text, description from {MONITORING}.alerts "
            "order by asset, window_start",
            at="observed",
        )

    observed.sql("set time zone 'UTC';" + FILL)
    observed.declare(declared())
    for clock in ("2026-10-24 12:00", "2026-10-25 00:30", "2026-10-25 01:30", "2026-10-25 09:00", "2026-10-28 08:05"):
        observed.run(clock)
        found = alerts()
        assert [row for row in found if row[0] != "public.weeks"] == [], clock
    # The hour that came twice is one bucket that nobody judged; a week of less than half its rows is an alert.
    twice = f"select status, reason, observed_value > 100 from {MONITORING}.baselines where bucket_start = '2026-10-25 00:00Z' "
    of_berlin = f"and series_key in (select series_key from {MONITORING}.monitors where asset = 'public.berlin')"
    assert observed.sql(twice + of_berlin, at="observed") == [("excluded", "the clock was changed in this hour", False)]
    assert [row[:4] for row in found] == [("public.weeks", "open", "2026-10-19 00:00:00+00", "2026-10-26 00:00:00+00")]

    # An outage of Berlin's morning and of three quarters of an hour.
    observed.sql(
        "delete from berlin where at >= '2026-10-28 08:00'; delete from quarters where at >= '2026-10-28 07:30Z'"
    )
    observed.run("2026-10-28 08:20")
    # A late load lasts until now.
    assert alerts()[0][:4] == ("public.berlin", "open", "2026-10-28 07:00:00+00", "2026-10-28 08:20:00+00")
    quarter = alerts()[1]
    assert quarter[:4] == ("public.quarters", "open", "2026-10-28 07:30:00+00", "2026-10-28 08:20:00+00")
    assert str(quarter[4]).startswith("late load: the 15min 2026-10-28 07:30 UTC is usually complete by ")

    # Another zone: what was counted by the old one is gone, said once.
    observed.declare(declared(days_in_new_york={"time_zone": "Asia/Tokyo"}))
    with caplog.at_level(logging.WARNING):
        observed.run("2026-10-28 08:30")
        observed.run("2026-10-28 08:40")
    sentence = "The time zone of public.days_in_new_york is now Asia/Tokyo: its buckets are counted and learned anew."
    assert [record.getMessage() for record in caplog.records if "time zone" in record.getMessage()] == [sentence]
    hours = (
        f"select distinct extract(hour from bucket_start at time zone 'UTC')::int from {MONITORING}.baselines "
        f"where series_key in (select series_key from {MONITORING}.monitors where asset = 'public.days_in_new_york')"
    )
    assert observed.sql(hours, at="observed") == [(15,)]
    assert [row for row in alerts() if row[0] == "public.days_in_new_york"] == []
