"""What an older version has stored stays: today's run adds columns, tables and indexes, and loses no row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookout.database.connection import connect
from lookout.database.store import LANDING_KEYS
from lookout.database.writing.upsert import BOOKKEEPING
from lookout.errors import ConfigError
from lookout.project.artifacts.outcomes import outcome_of
from lookout.project.dbt import Project
from lookout.project.workspace import open_workspace
from lookout.runs.landing import ensure_landing
from tests.conftest import MONITORING, Observed, Server

RECORDED = Path(__file__).parent / "upgrade" / "landing_0_1.pgsql"
# What every run brings up to date, and so only the keys stay; of everything else, every value does.
RENEWED = ("monitors", "assets", "baselines")
# What versions before 0.2 made under names that no model has now, with the view of theirs that read one of them.
RETIRED = f"""
    create table {MONITORING}.pipeline_anomalies (pipeline_execution_id text, metric_field text, z_score numeric(38, 4));
    create view {MONITORING}.pipeline_execution_flags as
    select pipeline_execution_id, jsonb_object_agg(metric_field, true) as anomaly_flags
    from {MONITORING}.pipeline_anomalies group by pipeline_execution_id;
    create view {MONITORING}.anomaly_episodes as select alert_type, severity, asset from {MONITORING}.alerts;
    create view {MONITORING}.stale_assets as select alert_type, severity, asset from {MONITORING}.alerts;
    create view {MONITORING}.failing_tests as select 1 as somebody_else_s
"""
HISTORY = """
    create table orders as
    select day + interval '5 hours' as at
    from generate_series(timestamptz '2026-01-05Z', timestamptz '2026-03-02Z', interval '1 day') as day,
        generate_series(1, case when day = '2026-02-20Z' then 50 when day = '2026-03-02Z' then 60 else 200 end)
"""


@pytest.fixture(scope="module")
def old(server: Server, observed_project: Observed) -> Iterator[Observed]:
    """A project whose monitoring schema version 0.1 made, a bad day of that time in it, with a copy beside it."""
    observed_project.reset("observed_template")
    runner = open_workspace(observed_project.root).home.warehouse
    observed_project.sql(
        f"drop schema {MONITORING} cascade; create schema {MONITORING} authorization {runner.parameters['user']}; "
        "create schema kept",
        at="observed",
    )
    handle = connect(runner)
    with handle, handle.cursor() as cursor:
        cursor.execute(RECORDED.read_text())
        cursor.execute(RETIRED)
    handle.close()
    for table in old_tables():
        observed_project.sql(f"create table kept.{table} as table {MONITORING}.{table}", at="observed")
    observed_project.sql(HISTORY, at="observed")
    observed_project.declare({"orders": {"timestamp_column": "at", "owner": "sales"}}, connection="observed")
    yield observed_project
    server.run("drop database observed with (force)")


def old_tables() -> list[str]:
    recorded = RECORDED.read_text()
    return [t for t in (*LANDING_KEYS, "alerts") if f"CREATE TABLE {MONITORING}.{t} (" in recorded]


def columns(project: Observed, schema: str, table: str) -> list[str]:
    found = project.sql(
        "select column_name::text from information_schema.columns where table_schema = %s and table_name = %s",
        (schema, table),
        at="observed",
    )
    return [name for (name,) in found]


def lost(project: Observed, table: str) -> list[tuple[Any, ...]]:
    """Old rows that are no longer there as they were, times of writing aside."""
    kept = [name for name in columns(project, "kept", table) if name not in BOOKKEEPING]
    names = ", ".join(f'"{name}"' for name in (LANDING_KEYS[table] if table in RENEWED else kept))
    return project.sql(
        f"select {names} from kept.{table} except select {names} from {MONITORING}.{table}", at="observed"
    )


def relations(project: Observed, *names: str) -> list[str]:
    """Those of the named tables and views of the monitoring schema that exist."""
    found = project.sql(
        "select table_name::text from information_schema.tables where table_schema = %s and table_name = any(%s) order by 1",
        (MONITORING, list(names)),
        at="observed",
    )
    return [name for (name,) in found]


def test_every_old_row_is_there_with_new_columns_and_indexes(old: Observed) -> None:
    assert len(old_tables()) >= 8
    assert all(old.sql(f"select count(*) from kept.{table}", at="observed")[0][0] for table in old_tables())
    before = {table: columns(old, MONITORING, table) for table in old_tables()}
    added = {"monitors": "batch_number", "baselines": "severity", "dbt_results": "test_name", "alerts": "explanation"}
    assert not any(name in before[table] for table, name in added.items())

    summary = old.run("2026-03-03")

    assert summary.problems == ()
    assert {table: lost(old, table) for table in old_tables()} == {table: [] for table in old_tables()}
    assert all(set(before[table]) <= set(columns(old, MONITORING, table)) for table in before)
    assert all(name in columns(old, MONITORING, table) for table, name in added.items())
    assert columns(old, MONITORING, "contract_findings") != []
    judged = old.sql(f"select distinct status, outcome from {MONITORING}.dbt_results", at="observed")
    assert judged != []
    assert all(outcome == outcome_of(status) for status, outcome in judged)
    told = old.sql(f"select window_start::date::text, status from {MONITORING}.alerts order by 1", at="observed")
    assert told == [("2026-02-20", "resolved"), ("2026-03-02", "open")]

    workspace = open_workspace(old.root)
    workspace.parse()
    assert ensure_landing(workspace) is False, "a column, table or index is still missing"


def test_what_has_another_name_now_does_not_stay_behind(old: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("pipeline_anomalies", "anomaly_episodes", "stale_assets", "unevaluated_assets")
    assert relations(old, *names) == []
    assert relations(old, "execution_anomalies", "pipeline_execution_flags", "failing_tests") == [
        "execution_anomalies",
        "failing_tests",
        "pipeline_execution_flags",
    ]

    called: list[str] = []
    monkeypatch.setattr(Project, "operate", lambda self, macro: called.append(macro) or "")
    assert old.run("2026-03-03").problems == ()
    assert called == [], "there is nothing to drop, and dbt was asked to"


def test_what_somebody_else_reads_is_named_and_stays(old: Observed) -> None:
    old.sql(
        f"create table {MONITORING}.pipeline_anomalies as table {MONITORING}.execution_anomalies; "
        f"create view kept.flags as select * from {MONITORING}.pipeline_anomalies; "
        f"create view {MONITORING}.anomaly_episodes as select alert_type from {MONITORING}.alerts",
        at="observed",
    )
    assert old.run("2026-03-03").problems == (
        "monitoring: monitoring.pipeline_anomalies is no longer written, and kept.flags reads it: use "
        "execution_anomalies there or drop the reader, and the next run drops pipeline_anomalies",
    )
    assert old.sql("select count(*) from kept.flags", at="observed") == [(0,)]
    assert relations(old, "pipeline_anomalies", "anomaly_episodes") == ["pipeline_anomalies"]

    old.sql("drop view kept.flags", at="observed")
    assert old.run("2026-03-03").problems == ()
    assert relations(old, "pipeline_anomalies") == []


def test_a_type_that_cannot_be_upgraded_is_one_sentence(old: Observed) -> None:
    old.sql(f"alter table {MONITORING}.lookout_runs alter column learned_through type text", at="observed")
    with pytest.raises(ConfigError) as told:
        old.run("2026-03-04")
    assert str(told.value) == (
        "Column learned_through of monitoring.lookout_runs is of type text, and this version of Lookout writes bigint: "
        "convert it with `alter table`, or rename the table so that a new one is made and the old rows are kept "
        "beside it."
    )
    # What the sentence advises works.
    old.sql(f"alter table {MONITORING}.lookout_runs rename to lookout_runs_of_0_1", at="observed")
    assert old.run("2026-03-04").problems == ()
