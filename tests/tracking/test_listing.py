"""Recent executions as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.tracking.executions.listing import recent_runs, runs_text
from lookout.tracking.model import pipeline_id
from tests.conftest import MONITORING, Observed

NOW = datetime(2026, 3, 10, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def store(observed_project: Observed) -> Iterator[Store]:
    observed_project.reset("observed_template")
    with Store(observed_project.warehouse, MONITORING) as store:
        yield store


@pytest.fixture(autouse=True)
def _empty(store: Store) -> None:
    store.execute("truncate {schema}.pipelines, {schema}.pipeline_executions")


def ran(
    store: Store, name: str, minutes_ago: float, seconds: float | None = 60.0, *, ok: bool = True, **settings: Any
) -> str:
    """One execution; ``seconds`` None means that it still runs."""
    start = NOW - timedelta(minutes=minutes_ago)
    switches = {"mute_freshness_check": False, "mute_timeliness_check": False, "load_lineage": False, "active": True}
    pipeline = {"pipeline_id": pipeline_id(name), "name": name, "pipeline_type": "script", **switches}
    store.upsert("pipelines", pd.DataFrame([pipeline]))
    row = {
        "execution_id": f"{name}@{minutes_ago}",
        "pipeline_id": pipeline_id(name),
        "start_date": start,
        "date_recorded": start.date(),
        "hour_recorded": start.hour,
        "kind": "sdk",
        "error": "",
        "end_date": None if seconds is None else start + timedelta(seconds=seconds),
        "elapsed_seconds": seconds,
        "completed_successfully": None if seconds is None else ok,
        "status": "running" if seconds is None else "success" if ok else "failed",
        **settings,
    }
    store.upsert("pipeline_executions", pd.DataFrame([row]).astype(object))
    return str(row["execution_id"])


def test_nothing_ran(store: Store) -> None:
    assert recent_runs(store) == []
    assert runs_text([]).startswith("No executions yet")


def test_a_tree_of_executions(store: Store) -> None:
    build = ran(store, "dbt:shop", 60, 100.0, ok=False, kind="dbt invocation")
    ran(store, "orders", 59, 80.0, parent_id=build, total_rows=1234567)
    failed = ran(store, "items", 58, 8.0, ok=False, parent_id=build, error="line 1\n[bold]line\x1b[31m 2[/bold]")
    ran(store, "skipped", 57, 0.01, ok=False, status="skipped", parent_id=build)
    ran(store, "inner", 57.9, 2.0, parent_id=failed, inserts=3, updates=4)
    ran(store, "load", 5, None)
    ran(store, "orphan", 30, 1.0, ok=False, status="killed", parent_id="pruned")
    rows = recent_runs(store)
    assert [(row["pipeline"], row["state"]) for row in rows] == [
        ("load", "running"),
        ("orphan", "killed"),
        ("dbt:shop", "failed"),
    ]
    assert [child["pipeline"] for child in rows[2]["children"]] == ["orders", "items", "skipped"]
    assert rows[2]["children"][1]["children"][0]["rows"] == 7
    assert runs_text(rows, width=120).splitlines() == [
        "pipeline     started (UTC)        status      took                     rows  error",
        "load         2026-03-10 11:55:00  … running         ░░░░░░░░░░░░",
        "orphan       2026-03-10 11:30:00  ✗ killed   1.0 s  █",
        "dbt:shop     2026-03-10 11:00:00  ✗ failed   100 s  ████████████",
        "├─ orders    2026-03-10 11:01:00  ✓ success   80 s  ████████████  1,234,567",
        "├─ items     2026-03-10 11:02:00  ✗ failed   8.0 s  █                        line 1 [bold]line 2[/bold]",
        "│  └─ inner  2026-03-10 11:02:06  ✓ success  2.0 s  ████████████          7",
        "└─ skipped   2026-03-10 11:03:00  – skipped  0.0 s  █",
    ]


def test_many_children_are_folded_failures_first(store: Store) -> None:
    build = ran(store, "build", 60, 100.0)
    for number in range(30):
        ran(store, f"model {number:02}", 59 - number / 10, float(number), parent_id=build)
    ran(store, "broken", 59.5, 0.1, ok=False, parent_id=build, error="no")
    lines = runs_text(recent_runs(store), most_children=4, width=120).splitlines()[2:]
    assert [line.split("  ")[0] for line in lines] == [
        "├─ broken",
        "├─ model 27",
        "├─ model 28",
        "├─ model 29",
        "└─ 27 more",
    ]
    assert "27 success" in lines[-1]
    assert "6 min" in lines[-1]


def test_of_one_pipeline_and_no_more_than_asked_for(store: Store) -> None:
    build = ran(store, "build", 60)
    for minutes in (59, 40, 20):
        ran(store, "orders", minutes, parent_id=build if minutes == 59 else None)
    nested = ran(store, "orders", 10)
    ran(store, "orders", 9, 1.0, parent_id=nested)
    assert [row["execution_id"] for row in recent_runs(store, 2)] == [nested, "orders@20"]
    found = recent_runs(store, pipeline=" Orders ")
    assert [row["execution_id"] for row in found] == [nested, "orders@20", "orders@40", "orders@59"]
    assert [child["execution_id"] for child in found[0]["children"]] == ["orders@9"]
    with pytest.raises(ConfigError, match="There is no pipeline 'oders'; did you mean 'orders'"):
        recent_runs(store, pipeline="oders")
    with pytest.raises(ConfigError, match="--limit is 0"):
        recent_runs(store, 0)


def test_executions_in_a_circle_end(store: Store) -> None:
    ran(store, "a", 10, parent_id="b@9")
    ran(store, "b", 9, parent_id="a@10")
    assert recent_runs(store) == []
    assert len(recent_runs(store, pipeline="a")) == 1
