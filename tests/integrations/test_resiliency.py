"""The resiliency pipeline from the generator to the daily metrics, on one database that the module builds once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
import psycopg2
import pytest
from psycopg2 import sql

from lookout.database.connection import Connection, connect
from lookout.demo.resiliency import COLUMNS, SCENARIOS, generate, load
from lookout.errors import ConfigError, SourceError

DAY = date(2025, 1, 6)
LAST = date(2025, 1, 15)
PIPELINE = ["path:seeds", "path:models/raw", "path:models/staging", "path:models/facts", "path:tests/resiliency"]
NO_UNIT_TESTS = ["--exclude-resource-type", "unit_test"]
LAYERS = ("raw_resiliency_tests", "stg_resiliency_tests", "fact_resiliency_metrics")

Query = Callable[..., list[tuple[Any, ...]]]
Dbt = Callable[..., Any]


# --- the generator, without a database -------------------------------------------------------------------------------


def make(**changes: Any) -> pd.DataFrame:
    arguments: dict[str, Any] = {"seed": 3, "first_day": DAY, "days": 10, "dirty_rate": 0.0}
    return generate(**{**arguments, **changes})


def test_documented_ranges() -> None:
    frame = make(days=200, long_outages=False)
    duration, passed = frame["duration_ms"].astype(int), frame["status"] == "passed"
    assert list(frame.columns) == list(COLUMNS)
    assert frame.groupby("batch_id").size().eq(50).all()
    assert frame["batch_id"].nunique() == 200
    assert frame.groupby(["batch_id", "app_id"]).size().eq(10).all()
    assert set(frame["scenario_name"]) == set(SCENARIOS)
    assert set(frame["status"]) == {"passed", "failed"}
    assert duration[passed].between(100, 5_000).all()
    assert duration[~passed].between(1_000, 30_000).all()
    assert 0.84 <= passed.mean() <= 0.86
    assert (frame["error_message"].isna() == passed).all()
    assert (frame["metadata_json"].isna() == passed).all()
    assert frame["scenario_id"].isna().all()


def test_times_fit_the_day_and_the_duration() -> None:
    frame = make()
    start, end = pd.to_datetime(frame["start_time"], utc=True), pd.to_datetime(frame["end_time"], utc=True)
    assert (frame["batch_id"] == "resiliency-" + start.dt.date.astype(str)).all()
    assert ((end - start) == pd.to_timedelta(frame["duration_ms"].astype(int), unit="ms")).all()
    assert (frame["received_at"] > start).all()
    assert not frame.duplicated(["app_id", "scenario_name", "start_time"]).any()


def test_long_outages_are_two_failures_in_a_hundred() -> None:
    failed = make(days=1, tests_per_day=50_000).query("status == 'failed'")["duration_ms"].astype(int)
    long = failed[failed > 30_000]
    assert long.between(5 * 60_000, 480 * 60_000).all()
    assert long.max() > 400 * 60_000
    assert 0.015 < len(long) / len(failed) < 0.025


def test_same_seed_same_rows_and_days_stand_alone() -> None:
    long, short = make(days=20, dirty_rate=0.1), make(days=10, dirty_rate=0.1)
    pd.testing.assert_frame_equal(long.head(500), short)
    pd.testing.assert_frame_equal(
        long.tail(500).reset_index(drop=True), make(first_day=LAST + timedelta(1), dirty_rate=0.1)
    )
    assert not make(seed=4)["start_time"].equals(make(seed=3)["start_time"])


def test_settings_change_the_volume_and_the_outcome() -> None:
    frame = make(days=2, tests_per_day=30, apps=3, pass_rate=0.0)
    assert len(frame) == 60
    assert set(frame["app_id"]) == {"1", "2", "3"}
    assert set(frame["status"]) == {"failed"}
    assert make(days=0).empty
    assert list(make(days=0).columns) == list(COLUMNS)


def test_dirt_is_a_small_settable_share() -> None:
    clean, dirty = make(days=1, tests_per_day=20_000), make(days=1, tests_per_day=20_000, dirty_rate=0.05)
    keys = ["app_id", "scenario_name", "start_time", "duration_ms", "status"]
    changed = (clean[keys].fillna("") != dirty[keys].fillna("")).any(axis=1)
    assert len(dirty) == 20_000
    assert 0.04 < changed.mean() < 0.06


@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", -1), ("days", -1), ("tests_per_day", -5), ("pass_rate", 1.2), ("dirty_rate", -0.1), ("apps", 0)],
)
def test_a_wrong_setting_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"^{name} of the resiliency generator is {re.escape(str(value))}: give"):
        make(**{name: value})


# --- the pipeline, in one database -----------------------------------------------------------------------------------


class Pipeline:
    """The module's database with its layers built."""

    def __init__(self, connection: Connection, dbt: Dbt) -> None:
        self.connection, self.dbt = connection, dbt

    def run(self, *arguments: str) -> Any:
        """One dbt command at a fixed clock, late in the evening of ``LAST`` by UTC."""
        outcome = self.dbt(list(arguments), {"lookout_as_of": f"{LAST} 23:30:00"})
        assert outcome.exception is None
        return outcome.result

    def build(self, *arguments: str) -> dict[str, str]:
        """Build and test the pipeline; statuses of the nodes by name."""
        results = self.run("build", "--select", *PIPELINE, *arguments).results
        return {result.node.name: str(result.status) for result in results}

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Insert raw records; what is not given is what a healthy record of application 1 looks like."""
        usual = {"app_id": "1", "scenario_name": "CPU Spike", "duration_ms": "1000", "status": "passed"}
        self.load(pd.DataFrame([dict.fromkeys(COLUMNS) | usual | row for row in rows]))

    def load(self, frame: pd.DataFrame) -> int:
        handle = connect(self.connection)
        try:
            return load(handle, frame, "resiliency", "raw_resiliency_tests")
        finally:
            handle.close()

    def rows(self, statement: str | sql.Composable) -> list[tuple[Any, ...]]:
        handle = connect(self.connection)
        try:
            with handle, handle.cursor() as cursor:
                cursor.execute("set search_path = resiliency")
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            handle.close()

    def layer(self, name: str) -> set[tuple[Any, ...]]:
        return set(self.rows(sql.SQL("select * from {}").format(sql.Identifier(name))))

    def stored(self) -> set[str]:
        """Names of the schema's tables that hold rows."""
        tables = self.rows("select tablename from pg_tables where schemaname = 'resiliency'")
        return {name for (name,) in tables if self.layer(name)}

    def counts(self) -> list[int]:
        return [len(self.layer(name)) for name in LAYERS]


def record(start: str, batch: str = "by-hand", received: str = "2025-01-20T00:15:00Z", **values: Any) -> dict[str, Any]:
    return {"batch_id": batch, "received_at": pd.Timestamp(received), "start_time": start, **values}


def failed(statuses: dict[str, str]) -> list[str]:
    return sorted(name for name, status in statuses.items() if status not in {"success", "pass"})


@pytest.fixture(scope="module")
def empty(warehouse: Connection, dbt: Dbt) -> tuple[Pipeline, dict[str, str]]:
    pipeline = Pipeline(warehouse, dbt)
    return pipeline, pipeline.build()


@pytest.fixture(scope="module")
def built(empty: tuple[Pipeline, dict[str, str]]) -> Pipeline:
    """Ten generated days, and records with every case, in one delivery that came later."""
    pipeline, _ = empty
    pipeline.load(make(dirty_rate=0.05))
    noon = "2025-01-12T12:00:00Z"
    pipeline.add(
        [
            record(noon, duration_ms="100"),
            record("2025-01-12 12:00:00", scenario_name=" cpu  spike", duration_ms="200"),
            record(noon, scenario_name="Nope"),
            record(noon, app_id=None),
            record("soon"),
            record(noon, status="unknown", duration_ms="0"),
            record(noon, status=None),
            *(record(f"2025-01-12T13:00:{second:02}Z") for second in range(30)),
        ]
    )
    assert failed(pipeline.build(*NO_UNIT_TESTS)) == [
        "resiliency_quality_app_id_missing",
        "resiliency_quality_duration_not_positive",
        "resiliency_quality_scenario_unknown",
        "resiliency_quality_status_missing",
        "resiliency_quality_status_unknown",
    ]
    return pipeline


def test_an_empty_database_builds_and_holds_the_dimensions(empty: tuple[Pipeline, dict[str, str]]) -> None:
    pipeline, statuses = empty
    assert failed(statuses) == []
    assert {"daily_metrics_follow_their_definitions", "rejected_records_say_why"} <= set(statuses)
    applications = pipeline.rows(
        "select count(*), count(distinct app_id), min(rto_minutes), max(rto_minutes) from dim_applications"
    )
    assert applications == [(5, 5, 30, 480)]
    assert {name for (name,) in pipeline.rows("select scenario_name from dim_test_scenarios")} == set(SCENARIOS)


def test_every_raw_record_is_staged_or_rejected(built: Pipeline) -> None:
    raw, staged, _ = built.counts()
    rejected = built.rows("select count(*), count(distinct raw_test_id) from stg_resiliency_tests_rejected")[0]
    assert raw == 537
    assert rejected[0] == rejected[1] == raw - staged > 5
    reasons = built.rows(
        """select r.reason, r.all_reasons from stg_resiliency_tests_rejected r
        join raw_resiliency_tests t on t.test_id = r.raw_test_id where t.batch_id = 'by-hand' order by t.test_id"""
    )
    assert reasons == [
        ("duplicate", "duplicate"),
        ("app_id_missing", "app_id_missing"),
        ("start_time_unparsable", "start_time_unparsable"),
        ("duration_not_positive", "duration_not_positive, status_unknown"),
        ("status_missing", "status_missing"),
    ]


def test_staging_matches_scenarios_and_keeps_its_origin(built: Pipeline) -> None:
    noon = built.rows(
        """select s.scenario_name, s.scenario_id, s.duration_ms, s.raw_test_id = t.test_id, s.test_hour, s.test_date
        from stg_resiliency_tests s join raw_resiliency_tests t on t.test_id = s.raw_test_id
        where s.start_time = '2025-01-12T12:00:00Z' and s.app_id = 1 order by s.test_id"""
    )
    day = date(2025, 1, 12)
    assert noon == [("CPU Spike", 5, 100, True, 12, day), ("Nope", None, 1000, True, 12, day)]
    assert built.rows("select count(*) from raw_resiliency_tests where scenario_id is not null") == [(0,)]
    assert built.rows("select max(test_id) = count(*), min(test_id) from stg_resiliency_tests") == [(True, 1)]


def test_metrics_equal_an_independent_calculation(built: Pipeline) -> None:
    tests = pd.DataFrame(
        built.rows("select app_id, test_date, status, duration_ms from stg_resiliency_tests"),
        columns=["app_id", "day", "status", "ms"],
    )
    assert len(tests) > 400
    limits = dict(built.rows("select app_id, rto_minutes from dim_applications"))
    expected = set()
    for (app_id, day), group in tests.groupby(["app_id", "day"]):
        slow = group.loc[group["status"] == "failed", "ms"]
        mttr = None if slow.empty else round(float(slow.mean()) / 60_000, 2)
        uptime = round(100 - 100 * len(slow) / len(group), 2)
        expected.add((app_id, day, len(group), len(slow), uptime, mttr, mttr is None or mttr <= limits[app_id]))
    actual = built.rows(
        """select app_id, metric_date, total_tests, failed_tests, uptime_percentage::float8, mttr_minutes::float8,
        rto_compliant from fact_resiliency_metrics"""
    )
    assert set(actual) == expected


def test_trend_covers_seven_dates_up_to_the_clock(built: Pipeline) -> None:
    trend = built.rows("select app_id, metric_date from resiliency_seven_day_trend order by 1, 2")
    assert trend == [(app, LAST - timedelta(days=back)) for app in range(1, 6) for back in range(6, -1, -1)]


def test_keys_checks_and_indexes_are_in_the_catalog(built: Pipeline) -> None:
    definitions = " ".join(
        text for (text,) in built.rows("select indexdef from pg_indexes where schemaname = 'resiliency'")
    )
    for columns in ("(app_id, test_date)", "(start_time)", "(status, start_time)"):
        assert f"stg_resiliency_tests USING btree {columns}" in definitions
    # They are still there although the seeds have been reloaded under them.
    assert built.rows(
        """select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
        where contype = 'f' and connamespace = 'resiliency'::regnamespace order by 1, 2"""
    ) == [
        ("fact_resiliency_metrics", "dim_applications"),
        ("stg_resiliency_tests", "dim_applications"),
        ("stg_resiliency_tests", "dim_test_scenarios"),
    ]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("update raw_resiliency_tests set status = 'passed'", "update on resiliency.raw_resiliency_tests is refused"),
        ("delete from raw_resiliency_tests", "delete on resiliency.raw_resiliency_tests is refused"),
        ("truncate raw_resiliency_tests", "truncate on resiliency.raw_resiliency_tests is refused"),
        ("update stg_resiliency_tests set status = 'x' where test_id = 1", "violates check constraint"),
        ("update fact_resiliency_metrics set app_id = 77", "violates"),
        ("insert into fact_resiliency_metrics select * from fact_resiliency_metrics", "violates unique constraint"),
    ],
)
def test_the_database_refuses(built: Pipeline, statement: str, error: str) -> None:
    before = built.layer("raw_resiliency_tests")
    with pytest.raises(psycopg2.Error, match=error):
        built.rows(statement)
    assert built.layer("raw_resiliency_tests") == before


def test_loading_a_day_twice_adds_nothing(built: Pipeline) -> None:
    before = built.layer("raw_resiliency_tests")
    assert built.load(make(dirty_rate=0.05)) == 0
    assert built.load(make(days=0)) == 0
    assert built.layer("raw_resiliency_tests") == before


def test_loading_into_a_missing_table_says_what_to_do(warehouse: Connection) -> None:
    handle = connect(warehouse)
    with pytest.raises(SourceError, match=r"no table resiliency\.nowhere to load into: run `dbt build` first"):
        load(handle, make(days=1), "resiliency", "nowhere")
    handle.close()


def test_analyses_answer_their_questions(built: Pipeline) -> None:
    compiled = built.run("compile", "--select", "path:analyses/").results
    answers = {
        result.node.name: built.rows(result.node.compiled_code)
        for result in compiled
        if result.node.name.startswith("resiliency_")
    }
    newest = built.rows("select start_time from stg_resiliency_tests where status = 'failed' order by 1 desc limit 50")
    assert [row[2] for row in answers["resiliency_failed_tests"]] == [start for (start,) in newest]
    assert len(newest) == 50
    layers = dict(answers["resiliency_layer_counts"])
    assert [layers[name] for name in LAYERS] == built.counts()
    assert sum(row[1] for row in answers["resiliency_rejected_by_reason"]) == layers["stg_resiliency_tests_rejected"]
    assert answers["resiliency_daily_uptime"][0][1] == LAST
    assert sum(row[2] for row in answers["resiliency_weekly_quality"]) == layers["stg_resiliency_tests"]


def test_late_data_changes_only_its_day_and_equals_a_full_rebuild(built: Pipeline) -> None:
    before = {name: built.layer(name) for name in LAYERS}
    late = record("2025-01-07T05:00:00Z", "late", app_id="2", status="failed", duration_ms="7200000")
    built.add([late, record("2025-01-07T06:00:00Z", "late", received="2025-01-20T00:15:01Z", app_id="3")])
    built.build(*NO_UNIT_TESTS)
    after = {name: built.layer(name) for name in LAYERS}
    assert before["raw_resiliency_tests"] < after["raw_resiliency_tests"]
    assert before["stg_resiliency_tests"] < after["stg_resiliency_tests"]
    changed = after["fact_resiliency_metrics"] ^ before["fact_resiliency_metrics"]
    assert {row[:2] for row in changed} == {(2, date(2025, 1, 7)), (3, date(2025, 1, 7))}

    built.build(*NO_UNIT_TESTS, "--full-refresh")
    assert {name: built.layer(name) for name in LAYERS} == after


def test_a_new_recovery_objective_judges_the_days_again(built: Pipeline) -> None:
    late_day = "select rto_compliant from fact_resiliency_metrics where app_id = 2 and metric_date = '2025-01-07'"
    others = "select * from fact_resiliency_metrics where app_id <> 2"
    before = built.rows(others)
    built.rows("update dim_applications set rto_minutes = 1 where app_id = 2")
    built.run("run", "--select", "fact_resiliency_metrics")
    assert built.rows(late_day) == [(False,)]
    assert built.rows("select distinct rto_minutes from fact_resiliency_metrics where app_id = 2") == [(1,)]
    assert sorted(built.rows(others)) == sorted(before)


def test_a_broken_delivery_holds_the_metrics_back_and_a_reset_empties_the_layers(built: Pipeline) -> None:
    before = built.layer("fact_resiliency_metrics")
    times = (f"2025-01-14T10:00:{second:02}Z" for second in range(4))
    bad = [record(start, "bad", "2025-01-25T00:15:00Z", status="unknown") for start in times]
    built.add([record("2025-01-14T11:00:00Z", "bad", "2025-01-25T00:15:00Z"), *bad])
    statuses = built.build(*NO_UNIT_TESTS)
    assert statuses["resiliency_rejected_share_too_high"] == "fail"
    assert statuses["resiliency_quality_status_unknown"] == "warn"
    assert statuses["stg_resiliency_tests"] == "success"
    assert statuses["fact_resiliency_metrics"] == "skipped"
    assert built.layer("fact_resiliency_metrics") == before

    dimensions = built.layer("dim_applications")
    built.run("run-operation", "reset_resiliency")
    assert built.stored() == {"dim_applications", "dim_test_scenarios"}
    assert built.layer("dim_applications") == dimensions
    with pytest.raises(psycopg2.Error, match=r"truncate on resiliency\.raw_resiliency_tests is refused"):
        built.rows("truncate raw_resiliency_tests")


def test_after_a_reset_only_new_records_count_and_a_forgotten_table_is_noticed(built: Pipeline) -> None:
    built.run("run-operation", "reset_resiliency")
    built.add([record(f"2025-01-14T12:00:{second:02}Z", "new") for second in range(3)])
    assert failed(built.build(*NO_UNIT_TESTS)) == []
    assert built.counts()[:2] == [3, 3]
    assert built.rows("select distinct batch_id from base_resiliency_tests") == [("new",)]

    built.rows(
        """set lookout.allow_truncate = 'on';
        truncate raw_resiliency_tests, stg_resiliency_tests, fact_resiliency_metrics restart identity"""
    )
    built.add([record("2025-01-15T12:00:00Z", "newer")])
    assert "resiliency_records_lost_or_counted_twice" in failed(built.build(*NO_UNIT_TESTS))
