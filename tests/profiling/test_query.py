"""One query a table: what it measures, and that collecting day by day gives what collecting at once gives."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2 import sql

from lookout.database.connection import Connection, connect
from lookout.engines.catalog import CATALOG_QUERY, Relation, read_catalog_rows
from lookout.profiling.query import (
    EPOCH,
    OBSERVATION_COLUMNS,
    ProfileRequest,
    TableProfile,
    plan_profile,
    read_profile_rows,
)
from lookout.project.declarations.grain import BucketClock, Grain
from lookout.project.declarations.monitor import Kind, Metric, Monitor

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AS_OF = datetime(2026, 3, 10, 12, 30, tzinfo=timezone.utc)
TODAY = datetime(2026, 3, 10, tzinfo=timezone.utc)
VOLUME = (Metric("row_count", "count"), Metric("freshness", "positive"))


@pytest.fixture(scope="module")
def database(server: Any) -> Connection:
    connection: Connection = server.create_database()
    return connection


def run(connection: Connection, *statements: str | sql.Composable, session: str = "") -> list[Any]:
    """Run statements in one session, in a time zone of its own if asked; the rows of the last one."""
    handle = connect(connection)
    handle.autocommit = True
    try:
        with handle.cursor() as cursor:
            if session:
                cursor.execute("select set_config('TimeZone', %s, false)", (session,))
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        handle.close()


def monitor(table: str = "t", grain: Grain = "day", metrics: Sequence[Metric] = VOLUME, **more: Any) -> Monitor:
    return Monitor(
        "batch", more.pop("schema", "public"), table, more.pop("column", "at"), grain, tuple(metrics), **more
    )


def profile_start(watched: Monitor, as_of: datetime, watermark: datetime | None) -> datetime:
    """Return the late window before the watermark, or the whole history of a new table."""
    newest = watched.clock.floor(as_of)
    if watermark is None:
        return watched.clock.floor(newest - watched.history)
    return watched.clock.floor(min(watermark, newest) - watched.late_window)


def profile(
    connection: Connection, watched: Monitor, as_of: datetime = AS_OF, session: str = "", **request: Any
) -> TableProfile:
    since = request.pop("since", profile_start(watched, as_of, None))
    handle = connect(connection)
    with handle, handle.cursor() as cursor:
        cursor.execute(CATALOG_QUERY, {"schemas": [watched.schema], "tables": [watched.table]})
        relation = read_catalog_rows(cursor.fetchall())[watched.schema, watched.table]
    handle.close()
    plan = plan_profile(ProfileRequest(watched, since, **request), relation, watched.metrics, as_of)
    return read_profile_rows(plan, run(connection, plan.query, session=session))


def series(found: TableProfile, metric: str = "row_count", column: str = "") -> dict[str, float | None]:
    """One series as {bucket: value}, buckets shortened to what tells them apart."""
    frame = found.observations
    frame = frame[(frame["metric"] == metric) & (frame["column_name"] == column)]
    values = [None if np.isnan(value) else float(value) for value in frame["value"]]
    return dict(zip(frame["bucket_start"].dt.strftime("%m-%d %H"), values, strict=True))


def days(**counts: int) -> dict[str, float | None]:
    return {f"{name[1:3]}-{name[3:]} 00": float(count) for name, count in counts.items()}


# What is measured ----------------------------------------------------------------------------------------------------


def fill(connection: Connection, counts: dict[timedelta, int], type_: str = "timestamptz") -> None:
    """Table t with so many rows in the bucket that starts so long before today."""
    run(connection, "drop table if exists t", f"create table t (at {type_})")
    for before, count in counts.items():
        moment = TODAY - before + timedelta(minutes=7)
        run(
            connection,
            sql.SQL("insert into t select {} from generate_series(1, {})").format(
                sql.Literal(moment.replace(tzinfo=None)), sql.Literal(count)
            ),
        )


def test_daily_counts_leave_the_partial_day_out(database: Connection) -> None:
    """O-P1: 10, 12 and 14 rows, and one more today."""
    fill(database, {3 * DAY: 10, 2 * DAY: 12, 1 * DAY: 14, 0 * DAY: 1})
    found = profile(database, monitor())
    assert series(found) == days(d0307=10, d0308=12, d0309=14)
    values = list(series(found).values())
    assert (statistics.mean(values), statistics.stdev(values)) == (12, 2)  # type: ignore[type-var]
    assert found.rows_profiled == 37
    assert found.latest_at == TODAY + timedelta(minutes=7)


def test_a_missing_day_counts_zero(database: Connection) -> None:
    """O-P1: the second day is gone, and the mean is 8."""
    fill(database, {3 * DAY: 10, 1 * DAY: 14})
    found = profile(database, monitor(metrics=[*VOLUME, Metric("mean", "real", "x", expression="avg(1)")]))
    assert series(found) == days(d0307=10, d0308=0, d0309=14)
    assert series(found, "mean", "x") == {"03-07 00": 1.0, "03-08 00": None, "03-09 00": 1.0}
    assert statistics.mean(list(series(found).values())) == 8  # type: ignore[type-var]


def test_the_last_days_are_zero_when_nothing_came(database: Connection) -> None:
    fill(database, {5 * DAY: 10, 4 * DAY: 10})
    assert series(profile(database, monitor())) == days(d0305=10, d0306=10, d0307=0, d0308=0, d0309=0)


def test_hourly_counts(database: Connection) -> None:
    """O-P2: 24 complete hours of 20 rows, and a partial one."""
    fill(database, {HOUR * n - 12 * HOUR: 20 for n in range(0, 25)}, "timestamp")
    found = profile(database, monitor(grain="hour"))
    values = list(series(found).values())
    assert (len(values), set(values)) == (24, {20.0})
    assert next(iter(series(found))) == "03-09 12"


def test_freshness_is_the_age_of_the_newest_row_at_the_end_of_each_bucket(database: Connection) -> None:
    fill(database, {4 * DAY: 1, 3 * DAY: 2, 1 * DAY: 1})
    lag = 86400 - 7 * 60.0
    expected = {"03-06 00": lag, "03-07 00": lag, "03-08 00": lag + 86400, "03-09 00": lag}
    assert series(profile(database, monitor()), "freshness") == expected


def test_freshness_goes_on_from_the_newest_timestamp_known(database: Connection) -> None:
    fill(database, {})
    known = {"first_bucket": TODAY - 9 * DAY, "latest_at": TODAY - 3 * DAY, "since": TODAY - 2 * DAY}
    found = profile(database, monitor(), **known)
    assert series(found, "freshness") == {"03-08 00": 2 * 86400.0, "03-09 00": 3 * 86400.0}
    assert series(found) == days(d0308=0, d0309=0)
    assert found.latest_at == TODAY - 3 * DAY


def test_freshness_of_a_bucket_with_rows_does_not_look_back(database: Connection) -> None:
    fill(database, {2 * DAY: 1})
    found = profile(database, monitor(), first_bucket=TODAY - 9 * DAY, latest_at=TODAY - 8 * DAY, since=TODAY - 2 * DAY)
    assert series(found, "freshness") == {"03-08 00": 86400 - 420.0, "03-09 00": 2 * 86400 - 420.0}


def test_a_lag_nobody_can_know_is_not_reported_as_null(database: Connection) -> None:
    fill(database, {1 * DAY: 1})
    found = profile(database, monitor(), first_bucket=TODAY - 9 * DAY, since=TODAY - 3 * DAY)
    assert list(series(found, "freshness")) == ["03-09 00"]
    assert series(found) == days(d0307=0, d0308=0, d0309=1)


def test_rows_from_the_future_are_counted_and_not_judged(database: Connection) -> None:
    fill(database, {1 * DAY: 3, -1 * DAY: 2, -9999 * DAY: 1})
    run(database, "insert into t values ('infinity'), ('-infinity'), (null)")
    run(database, "insert into t values ('2026-03-10 12:30:00+00'), ('2026-03-10 12:30:00.000001+00')")
    found = profile(database, monitor())
    assert series(found) == days(d0309=3)
    assert found.future_rows == 5
    assert found.latest_at == AS_OF


def test_an_empty_table_has_nothing_to_say(database: Connection) -> None:
    fill(database, {})
    found = profile(database, monitor())
    assert found.observations.empty
    assert list(found.observations.columns) == list(OBSERVATION_COLUMNS)
    assert (found.latest_at, found.first_bucket, found.rows_profiled, found.future_rows) == (None, None, 0, 0)


COLUMN_METRICS: list[tuple[str, Kind]] = [
    ("null_rate", "rate"), ("distinct_count", "count"), ("mean", "real"), ("min", "real"), ("max", "real"),
    ("sum", "real"), ("stddev", "positive"), ("zero_rate", "rate"), ("negative_rate", "rate"),
]  # fmt: skip


@pytest.mark.parametrize("type_", ["smallint", "bigint", "numeric(12, 2)", "real", "double precision", "money"])
def test_every_metric_of_a_column(database: Connection, type_: str) -> None:
    values = [0, 0, None, -3, 7, 12, None, 7]
    run(database, "drop table if exists t", f"create table t (at date, v {type_})")
    for value in values:
        run(database, sql.SQL("insert into t values ('2026-03-08', {})").format(sql.Literal(value)))
    run(database, "insert into t values ('2026-03-09', null)")
    found = profile(database, monitor(metrics=[Metric(name, kind, "v") for name, kind in COLUMN_METRICS]))
    present = [value for value in values if value is not None]
    expected = {
        "null_rate": 2 / 8,
        "distinct_count": 4,
        "mean": statistics.mean(present),
        "min": -3,
        "max": 12,
        "sum": sum(present),
        "stddev": statistics.stdev(present),
        "zero_rate": 2 / 8,
        "negative_rate": 1 / 8,
    }
    for name, value in expected.items():
        assert series(found, name, "v")["03-08 00"] == pytest.approx(value), name
    nothing = {"null_rate": 1.0, "distinct_count": 0.0, "zero_rate": 0.0, "negative_rate": 0.0}
    for name in expected:
        assert series(found, name, "v")["03-09 00"] == nothing.get(name), name


def test_booleans_intervals_and_numbers_that_are_none(database: Connection) -> None:
    run(database, "drop table if exists t", "create table t (at timestamptz, b boolean, i interval, f float8)")
    run(database, "insert into t values ('2026-03-09', true, '90 s', 'nan'), ('2026-03-09', false, '30 s', 'inf')")
    metrics = [Metric("mean", "real", "b"), Metric("mean", "real", "i"), Metric("max", "real", "f")]
    found = profile(database, monitor(metrics=metrics))
    assert [list(series(found, m.name, m.column_name).values()) for m in metrics] == [[0.5], [60.0], [None]]


NAMES = [
    "with space", "CamelCase", 'quo"te', "semi;colon", "per%cent %s", "brace{}s", "back\\slash", "новая 🐘",
    "x" * 63, "select", "'; drop table t; --", "lookout",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_quoted(database: Connection, name: str) -> None:
    schema, identifier = sql.Identifier(name), sql.Identifier(name)
    run(database, sql.SQL("create schema {}").format(schema))
    statement = "create table {0}.{1} ({1} timestamptz, {2} int)"
    other = sql.Identifier((name + "2")[-63:])
    run(database, sql.SQL(statement).format(schema, identifier, other))
    run(database, sql.SQL("insert into {}.{} values ('2026-03-09', 7)").format(schema, identifier))
    metrics = [*VOLUME, Metric("mean", "real", (name + "2")[-63:]), Metric("own", "count", expression="count(*) * 2")]
    watched = monitor(name, metrics=metrics, schema=name, column=name, row_filter="true -- all")
    found = profile(database, watched)
    assert [list(series(found, m.name, m.column_name).values()) for m in metrics] == [[1.0], [86400.0], [7.0], [2.0]]


def test_own_expressions_and_filters_may_hold_anything(database: Connection) -> None:
    run(database, "drop table if exists t", "create table t (at timestamptz, state text, hidden int)")
    run(database, "insert into t values ('2026-03-09', 'a%'), ('2026-03-09', 'b{}'), ('2026-03-09', 'test')")
    own = Metric("own", "count", expression="count(*) filter (where t.state like '_\\%' or state = 'b{}') -- both")
    watched = monitor(metrics=[*VOLUME, own], row_filter="state not like 'te%' -- no tests")
    found = profile(database, watched)
    assert (series(found)["03-09 00"], series(found, "own")["03-09 00"]) == (2.0, 2.0)


ZONES = ["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("type_", ["timestamptz", "timestamp", "date"])
def test_buckets_are_utc_whatever_the_session_and_daylight_saving(database: Connection, type_: str, zone: str) -> None:
    """New York changes its clocks on 8 March 2026, inside this table."""
    run(database, "drop table if exists t", f"create table t (at {type_})")
    start = datetime(2026, 3, 6)
    moments = [start + HOUR * n for n in range(4 * 24)]
    literals = ", ".join(f"('{m:%Y-%m-%d %H:%M}+00')" for m in moments)
    run(database, f"insert into t values {literals}")
    daily = profile(database, monitor(), session=zone)
    assert series(daily) == days(d0306=24, d0307=24, d0308=24, d0309=24)
    assert set(series(daily, "freshness").values()) == ({86400.0} if type_ == "date" else {3600.0})
    if type_ != "date":
        hourly = series(profile(database, monitor(grain="hour"), session=zone))
        assert (len(hourly), next(iter(hourly))) == (108, "03-06 00")
        assert list(hourly.values()) == [1.0] * 96 + [0.0] * 12


def test_the_query_can_use_an_index_and_parallel_workers(database: Connection) -> None:
    run(database, "drop table if exists t", "create table t (at timestamptz, v numeric)")
    run(
        database,
        "insert into t select timestamptz '2026-01-01' + n * interval '1 minute', n "
        "from generate_series(1, 90000) as n",
        "create index on t using brin (at)",
        "analyze t",
    )
    relation = Relation("r", columns={"at": "timestamptz", "v": "numeric"})
    watched = monitor(metrics=[*VOLUME, Metric("mean", "real", "v")])

    def explain(since: datetime) -> str:
        plan = plan_profile(ProfileRequest(watched, since), relation, watched.metrics, AS_OF)
        handle = connect(database)
        with handle, handle.cursor() as cursor:
            cursor.execute(
                "set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set parallel_tuple_cost = 0;"
                "set min_parallel_table_scan_size = 0; set random_page_cost = 1.1"
            )
            cursor.execute(sql.SQL("explain ") + plan.query)
            text = "\n".join(row[0] for row in cursor.fetchall())
        handle.close()
        return text

    assert "Partial HashAggregate" in explain(TODAY - 90 * DAY)
    assert "Bitmap Index Scan on t_at_idx" in explain(TODAY - DAY)


# When it is asked ----------------------------------------------------------------------------------------------------


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.sampled_from(["hour", "day"]))
def test_buckets_contain_their_moment(naive: datetime, grain: Grain) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(hours=5, minutes=45)))
    start = BucketClock(grain).floor(moment)
    assert start <= moment < start + {"hour": HOUR, "day": DAY}[grain]
    assert (start - EPOCH) % {"hour": HOUR, "day": DAY}[grain] == timedelta(0)


def answer(watched: Monitor, since: datetime, as_of: datetime, stamps: Sequence[datetime]) -> list[tuple[Any, ...]]:
    """What PostgreSQL answers to the query of a table with these timestamps."""
    step = {"hour": HOUR, "day": DAY}[watched.grain]
    until = watched.clock.floor(as_of)
    groups: dict[int, list[datetime]] = {}
    for stamp in stamps:
        if stamp >= since:
            groups.setdefault((min(stamp, until) - EPOCH) // step, []).append(stamp)
    rows = []
    for number, group in groups.items():
        past = [(stamp - EPOCH).total_seconds() for stamp in group if stamp <= as_of]
        rows.append((float(number), len(group), max(past, default=None), len(group) - len(past)))
    return rows


@st.composite
def histories(draw: st.DrawFn) -> tuple[Grain, timedelta, list[datetime], list[tuple[datetime, datetime]]]:
    """A grain, a late window, run clocks in order, and rows as (arrived at, timestamp), never later than the window."""
    grain: Grain = draw(st.sampled_from(["hour", "day"]))
    step = {"hour": HOUR, "day": DAY}[grain]
    late = draw(st.sampled_from([timedelta(0), step, 3 * step, 5 * step / 2]))
    minute = step / 60
    clocks = sorted({TODAY + minute * draw(st.integers(0, 900)) for _ in range(draw(st.integers(1, 6)))})
    rows = []
    for _ in range(draw(st.integers(0, 25))):
        arrived = TODAY + minute * draw(st.integers(-300, 900))
        stamp = arrived - late * draw(st.floats(0, 1)) + minute * draw(st.sampled_from([0, 0, 0, 30, 200]))
        rows.append((arrived, stamp))
    return grain, late, clocks, rows


@settings(max_examples=80, deadline=None)
@given(histories())
def test_collecting_run_by_run_gives_what_collecting_at_once_gives(history: Any) -> None:
    grain, late, clocks, rows = history
    watched = monitor(grain=grain, late_window=late, history=timedelta(days=400))
    relation = Relation("r", columns={"at": "timestamptz"})

    def profiled(as_of: datetime, since: datetime, **known: Any) -> TableProfile:
        stamps = [stamp for arrived, stamp in rows if arrived <= as_of]
        plan = plan_profile(ProfileRequest(watched, since, **known), relation, watched.metrics, as_of)
        return read_profile_rows(plan, answer(watched, plan.since, as_of, stamps))

    stored: dict[tuple[str, pd.Timestamp], float] = {}
    watermark = first_bucket = latest_at = None
    for as_of in clocks:
        since = profile_start(watched, as_of, watermark)
        found = profiled(as_of, since, first_bucket=first_bucket, latest_at=latest_at)
        for row in found.observations.itertuples():
            stored[row.metric, row.bucket_start] = row.value
        watermark, first_bucket, latest_at = watched.clock.floor(as_of), found.first_bucket, found.latest_at
    whole = profiled(clocks[-1], profile_start(watched, clocks[-1], None))
    expected = {(row.metric, row.bucket_start): row.value for row in whole.observations.itertuples()}
    assert stored == expected
    assert (first_bucket, latest_at) == (whole.first_bucket, whole.latest_at)


def test_the_database_answers_as_the_property_above_assumes(database: Connection) -> None:
    generator = random.Random(7)
    stamps = [AS_OF - timedelta(microseconds=generator.randrange(-(10**11), 10**12)) for _ in range(400)]
    run(database, "drop table if exists t", "create table t (at timestamptz)")
    run(database, "insert into t values " + ", ".join(f"('{stamp.isoformat()}')" for stamp in stamps))
    watched, since = monitor(grain="hour"), TODAY - 7 * DAY
    relation = Relation("r", columns={"at": "timestamptz"})
    plan = plan_profile(ProfileRequest(watched, since), relation, watched.metrics, AS_OF)
    found = sorted(run(database, plan.query))
    assert len(found) > 100
    assert [pytest.approx(row) for row in sorted(answer(watched, since, AS_OF, stamps))] == found


def test_dates_are_compared_as_dates(database: Connection) -> None:
    plan = plan_profile(ProfileRequest(monitor(), AS_OF), Relation("r", columns={"at": "date"}), VOLUME, AS_OF)
    handle = connect(database)
    text = plan.query.as_string(handle)
    handle.close()
    assert "'2026-03-10'::date" in text
    assert date(2026, 3, 10) == plan.since.date()


def test_errors_of_own_sql_reach_the_caller(database: Connection) -> None:
    fill(database, {1 * DAY: 1})
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        profile(database, monitor(metrics=[Metric("own", "count", expression="count(nothing)")]))
