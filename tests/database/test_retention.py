"""Deleting what is old: by each row's own date, in committed batches, and never what the present is derived from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lookout.database.connection import Connection
from lookout.database.retention import RETENTION, TABLES, prune
from lookout.database.runners.lease import writing
from lookout.database.store import Store
from lookout.errors import ConfigError
from tests.conftest import MONITORING, Observed

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=timezone.utc)
TODAY = NOW.replace(hour=0, minute=0)
DAY = timedelta(days=1)
EVERY_TABLE = sorted({d.table for d in TABLES} | {name for d in TABLES for name, _ in d.children})


class ExecutionStore:
    """Writes rows as short as they may be."""

    def __init__(self, connection: Connection) -> None:
        self.store = Store(connection, MONITORING)
        self.number = 0

    def add(self, table: str, **row: Any) -> None:
        columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        self.store.execute(f"insert into {{schema}}.{table} ({columns}) values ({marks})", tuple(row.values()))

    def execution(self, start: datetime, children: int = 0) -> str:
        self.number += 1
        key = f"e{self.number}"
        self.add(
            "pipeline_executions",
            execution_id=key,
            pipeline_id="p",
            start_date=start,
            date_recorded=start.date(),
            hour_recorded=start.hour,
            end_date=start + timedelta(minutes=1),
            completed_successfully=True,
            status="success",
        )
        for child in range(children):
            ends = (key, f"c{self.number}-{child}")
            for parent, below in (ends, ends[::-1]):
                self.add("pipeline_execution_closure", parent_execution_id=parent, child_execution_id=below, depth=1)
        return key

    def freshness(self, stale_since: datetime, *, is_current: bool = False) -> None:
        self.number += 1
        self.add(
            "pipeline_freshness",
            freshness_key=f"f{self.number}",
            pipeline_id="p",
            stale_since=stale_since,
            is_current=is_current,
        )

    def column(self, statement: str) -> list[Any]:
        return self.store.query(statement).iloc[:, 0].tolist()

    def counts(self) -> dict[str, int]:
        return {table: self.column(f"select count(*) from {{schema}}.{table}")[0] for table in EVERY_TABLE}

    def executions(self) -> list[str]:
        return self.column("select execution_id from {schema}.pipeline_executions order by execution_id")


@pytest.fixture(scope="module")
def connection(observed_project: Observed) -> Connection:
    observed_project.reset("observed_template")
    return observed_project.warehouse


@pytest.fixture
def execution_store(connection: Connection) -> Iterator[ExecutionStore]:
    execution_store = ExecutionStore(connection)
    for table in (*EVERY_TABLE, "alert_states", "contract_violations"):
        execution_store.store.execute(f"truncate {{schema}}.{table}")
    yield execution_store
    execution_store.store.close()


def test_every_row_goes_by_its_own_date(execution_store: ExecutionStore) -> None:
    kept = [execution_store.execution(NOW - DAY) for _ in range(10)]
    late = execution_store.execution(NOW - 200 * DAY)
    assert prune(execution_store.store, as_of=NOW)["pipeline_executions"] == 1  # W-C3
    assert sorted(kept) == execution_store.executions()
    assert late not in execution_store.executions()


def test_the_cutoff_is_midnight_in_utc(execution_store: ExecutionStore) -> None:
    execution_store.execution(TODAY - 90 * DAY)
    kept = execution_store.execution(TODAY - 90 * DAY + timedelta(seconds=1))
    in_kathmandu = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert prune(execution_store.store, as_of=in_kathmandu)["pipeline_executions"] == 1  # W-C1
    assert execution_store.executions() == [kept]


@pytest.mark.parametrize(
    ("retention", "said"),
    [
        ({"executions": 89}, "The retention of executions is 89 days"),
        ({"baselines": 10}, "at least 90"),
        ({"alerts": True}, "True days"),
        ({"alerts": 10**9}, "1000000000 days"),
        ({"logs": 100}, "There is no retention of 'logs': use executions, "),
    ],
)
def test_impossible_retentions(execution_store: ExecutionStore, retention: dict[str, int], said: str) -> None:
    execution_store.execution(NOW - 900 * DAY)
    with pytest.raises(ConfigError, match=said):
        prune(execution_store.store, retention, as_of=NOW)
    with pytest.raises(ConfigError, match="at least 1 row"):
        prune(execution_store.store, as_of=NOW, batch_size=0)
    assert len(execution_store.executions()) == 1


def test_batches_are_small_committed_and_counted(execution_store: ExecutionStore, connection: Connection) -> None:
    for _ in range(25):
        execution_store.execution(NOW - 100 * DAY, children=3)
    execution_store.add("anomaly_unflags", execution_id="e1", metric_field="inserts", note="", unflagged_at=NOW)
    before, batches, seen = execution_store.counts(), [], []

    def watch(table: str, rows: int) -> None:
        batches.append((table, rows))
        # W-C4: read from another session while the call goes on.
        with Store(connection, MONITORING) as other:
            seen.append(int(other.query("select count(*) as n from {schema}.pipeline_executions")["n"][0]))

    expected = prune(execution_store.store, as_of=NOW, batch_size=10, dry_run=True)
    assert execution_store.counts() == before
    totals = prune(execution_store.store, as_of=NOW, batch_size=10, on_batch=watch)
    after = execution_store.counts()
    assert totals == expected == {table: before[table] - after[table] for table in totals}  # W-C5
    assert [rows for table, rows in batches if table == "pipeline_executions"] == [10, 10, 5]  # W-C6
    assert max(rows for _, rows in batches) <= 10
    assert sorted(set(seen), reverse=True) == [25, 15, 5, 0]
    assert (totals["pipeline_execution_closure"], totals["anomaly_unflags"]) == (150, 1)
    assert set(prune(execution_store.store, as_of=NOW).values()) == {0}


def test_an_interrupted_call_keeps_what_it_did(execution_store: ExecutionStore) -> None:
    for _ in range(25):
        execution_store.execution(NOW - 100 * DAY, children=1)

    def interrupt(table: str, rows: int) -> None:
        if table == "pipeline_executions":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(execution_store.store, as_of=NOW, batch_size=10, on_batch=interrupt)
    assert len(execution_store.executions()) == 15
    assert execution_store.counts()["pipeline_execution_closure"] == 30
    totals = prune(execution_store.store, as_of=NOW, batch_size=10)
    assert (totals["pipeline_executions"], totals["pipeline_execution_closure"]) == (15, 30)


def test_retention_by_kind(execution_store: ExecutionStore) -> None:
    execution_store.execution(NOW - 120 * DAY)
    execution_store.freshness(NOW - 120 * DAY)
    execution_store.freshness(NOW - 120 * DAY, is_current=True)
    totals = prune(execution_store.store, {"executions": 180, "freshness": 90}, as_of=NOW)  # W-C7
    assert (totals["pipeline_executions"], totals["pipeline_freshness"]) == (0, 1)
    # What is stale still is not forgotten, or it would be told anew.
    assert execution_store.column("select is_current from {schema}.pipeline_freshness") == [True]


def test_open_alerts_keep_what_they_rest_on(execution_store: ExecutionStore) -> None:
    old = NOW - 500 * DAY
    for key, status, series in (("open", "open", "s1"), ("over", "resolved", "s2"), ("told", "resolved", "s3")):
        resolved = None if status == "open" else old
        execution_store.add(
            "alerts",
            alert_key=key,
            alert_type="PIPELINE_LATE",
            status=status,
            series_key=series,
            window_start=old,
            first_seen_at=old,
            resolved_at=resolved,
            severity="critical",
            connection="",
            asset="p",
            last_seen_at=old,
            occurrences=1,
        )
        execution_store.add("alert_explanations", alert_key=key, dimension="d", explained_at=old)
        for at in (old - DAY, old):
            execution_store.add("baselines", series_key=series, bucket_start=at, status="judged")
    for key, is_found in (("open", False), ("over", False), ("told", True)):
        execution_store.add("alert_states", alert_key=key, is_found=is_found, is_open=key == "open")
    stuck, gone = execution_store.execution(old), execution_store.execution(old - DAY)
    totals = prune(execution_store.store, as_of=NOW)
    assert execution_store.column("select alert_key from {schema}.alerts order by 1") == ["open", "told"]
    assert execution_store.column("select alert_key from {schema}.alert_explanations order by 1") == ["open", "told"]
    assert execution_store.column("select series_key from {schema}.baselines") == ["s1"]
    assert execution_store.executions() == [stuck]
    assert gone not in execution_store.executions()
    assert (totals["alerts"], totals["alert_explanations"], totals["baselines"]) == (1, 1, 5)


def test_the_newest_of_everything_stays(execution_store: ExecutionStore) -> None:
    old = [NOW - n * DAY for n in (300, 250, 200, 150)]
    for at, status in zip(old, ("ok", "empty", "timeout", "timeout"), strict=True):
        execution_store.add("collection_results", connection="c", asset="a", as_of=at, status=status)
    execution_store.add("collection_results", connection="c", asset="a", as_of=NOW - 400 * DAY, status="ok")
    for at, outcome in zip(old, ("passed", "failed", "error", "warned"), strict=True):
        execution_store.add("dbt_results", invocation_id=str(at), node_id="n", executed_at=at, outcome=outcome)
    for at, values in zip(old, ("passed", "passed", "none", "none"), strict=True):
        execution_store.add(
            "contract_checks", connection="c", asset="a", as_of=at, values_status=values, structure_status="passed"
        )
    for at in old:
        execution_store.add("contract_findings", violation_key="v", as_of=at)
    execution_store.add(
        "contract_violations",
        contract="k",
        connection="c",
        asset="a",
        violation_type="t",
        severity="critical",
        violation_key="v",
        first_seen_at=old[1],
        as_of=old[3],
    )
    for number, at in enumerate(old):
        learned = 2 if number == 1 else None
        execution_store.add(
            "lookout_runs", run_id=str(number), batch_number=number, started_at=at, as_of=at, learned_through=learned
        )
        execution_store.add("watermarks", pipeline_id="p", execution_id=str(number), advanced_at=at)
    prune(execution_store.store, as_of=NOW)

    def left(table: str, column: str) -> list[int]:
        """Which of the old moments are left, by number."""
        moments = execution_store.column(f"select {column} from {{schema}}.{table} order by 1")
        return [old.index(moment.to_pydatetime()) for moment in moments]

    # Last ok, last evaluated, first and last of the streak; the streak of failures; the last look at rows.
    assert left("collection_results", "as_of") == [0, 1, 2, 3]
    assert left("dbt_results", "executed_at") == [1, 3]
    assert left("contract_checks", "as_of") == [1, 3]
    assert left("contract_findings", "as_of") == [1, 3]
    assert left("lookout_runs", "as_of") == [1, 3]
    assert left("watermarks", "advanced_at") == [3]


def test_defaults_keep_what_is_learned_from(execution_store: ExecutionStore) -> None:
    for days in (245, 399, 401):
        execution_store.add("metric_observations", series_key="s", bucket_start=NOW - days * DAY, value=1)
    assert prune(execution_store.store, as_of=NOW)["metric_observations"] == 1
    assert prune(execution_store.store, {"observations": 300}, as_of=NOW)["metric_observations"] == 1
    assert RETENTION["baselines"] >= 245


def test_a_run_beside_it_is_not_waited_for(execution_store: ExecutionStore, connection: Connection) -> None:
    execution_store.execution(NOW - 100 * DAY)
    moving = execution_store.execution(NOW - 100 * DAY)
    with Store(connection, MONITORING) as other, writing(other, "run"):

        def write(table: str, rows: int) -> None:
            # A late word about an old execution between two batches.
            other.execute("update {schema}.pipeline_executions set error = 'late' where execution_id = %s", (moving,))

        assert prune(execution_store.store, as_of=NOW, batch_size=1, on_batch=write)["pipeline_executions"] == 1
    assert execution_store.executions() == [moving]
    assert prune(execution_store.store, as_of=NOW)["pipeline_executions"] == 1
