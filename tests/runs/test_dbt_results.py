"""Results of dbt commands between two runs: what they change in the alerts, and what they leave as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lookout.project.workspace import Workspace, open_workspace
from lookout.runs.recording import recorded_run
from lookout.runs.tracking import catch_up, open_execution_store
from tests.conftest import MONITORING, Observed
from tests.project.test_outcomes import batches

ALERTS = ("run", "--select", "fqn:lookout.monitoring.alerts.*")
# Before the clock at which the fixture's views were made: only the models of the alerts are derived here.
BEGUN = datetime(2025, 12, 31, 10, tzinfo=timezone.utc)
FAILS = {"unique_id": "test.observed.says_no", "status": "fail", "failures": 3, "message": "Got 3 results"}
PASSES = {**FAILS, "status": "pass", "failures": 0, "message": None}
MODEL = {"unique_id": "model.observed.days", "status": "success"}
PARTLY = {
    **MODEL,
    "status": "partial success",
    "message": "PARTIAL SUCCESS (9/10)",
    "batch_results": batches(range(4, 5), range(5, 14)),
}


class Commands:
    """Writes what dbt leaves behind, one command a minute, and lets Lookout read it."""

    def __init__(self, observed: Observed) -> None:
        self.observed, self.count = observed, 0
        self.target = observed.root / "target"
        self.log = observed.root / "logs" / "dbt.log"
        self.workspace: Workspace = open_workspace(observed.root)
        self.workspace.parse()

    @property
    def now(self) -> datetime:
        return BEGUN + timedelta(minutes=self.count)

    def wrote(self, *entries: dict[str, Any], which: str = "test", file: str = "run_results", **args: Any) -> None:
        """An artifact of a command that ends now."""
        self.count += 1
        version = "run-results/v6" if file == "run_results" else "sources/v3"
        at = self.now.isoformat()
        timing = [{"name": "execute", "started_at": at, "completed_at": at}]
        content = {
            "metadata": {
                "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{version}.json",
                "invocation_id": self.key,
                "invocation_started_at": at,
                "generated_at": at,
            },
            "args": {"which": which, **args},
            "results": [{"timing": timing, "execution_time": 1.0, **entry} for entry in entries],
        }
        (self.target / f"{file}.json").write_text(json.dumps(content))

    @property
    def key(self) -> str:
        return f"{self.count:08}-0000-0000-0000-000000000000"

    def logged(self, result: str, command: str = "test") -> None:
        """A command that only the log knows, with a test that ends with ``result``."""
        self.count += 1
        clock = f"{self.now:%H:%M:%S.%f}"
        name = FAILS["unique_id"]
        lines = [
            f"{'=' * 30} {clock} | {self.key} {'=' * 30}",
            f"{clock} [debug] [MainThread]: running dbt with arguments {{'invocation_command': 'dbt {command}'}}",
            f"{clock} [debug] [Thread-1 (]: Began running node {name}",
            f"{clock} [info ] [Thread-1 (]: 1 of 1 {result} says_no ....... [{result} in 0.1s]",
            f"{clock} [debug] [Thread-1 (]: Finished running node {name}",
            f"{clock} [debug] [MainThread]: Command `dbt {command}` succeeded at {clock} after 0.1 seconds",
        ]
        with self.log.open("a") as file:
            file.write("\n".join(lines) + "\n")
        os.utime(self.log, (self.now.timestamp(), self.now.timestamp()))

    def read(self) -> tuple[str, ...]:
        """`lookout collect`, without its other parts; returns its problems."""
        self.workspace.clock = self.workspace.home.project.as_of = self.now + timedelta(seconds=30)
        with (
            recorded_run(self.workspace, "collect", f"run {self.count}") as run,
            open_execution_store(run) as executions,
        ):
            catch_up(run, executions)
            return tuple(run.problems)

    def alerts(self) -> list[tuple[Any, ...]]:
        outcome = self.workspace.home.project.build(ALERTS, keep_artifacts=False)
        assert outcome.success, outcome.failures
        return self.observed.sql(
            f"select metric, status, severity, reason, window_start, first_seen_at from {MONITORING}.alerts order by window_start",
            at="observed",
        )


@pytest.fixture
def commands(observed: Observed) -> Iterator[Commands]:
    written = {
        observed.root / "models" / "days.sql": "{{ config(incremental_strategy='microbatch') }} select 1 as id",
        observed.root / "tests" / "says_no.sql": "select 1 as id from {{ ref('days') }} where id > 1",
    }
    observed.declare({"seen": {"timestamp_column": "at", "enabled": False}})
    for file, text in written.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    made = Commands(observed)
    made.log.parent.mkdir(exist_ok=True)
    made.log.unlink(missing_ok=True)
    yield made
    for file in (*written, *made.target.glob("*.json"), made.log):
        file.unlink(missing_ok=True)


def test_an_alert_holds_until_a_command_tests_again(commands: Commands) -> None:
    compiled = {**PASSES, "status": "success", "message": ""}
    commands.wrote(FAILS, MODEL, which="build")
    commands.read()
    ((metric, status, *found),) = commands.alerts()
    assert (metric, status) == ("says_no", "open")
    for which in ("generate", "compile", "show", "clone", "run-operation"):
        commands.wrote(compiled, MODEL, which=which)
        assert commands.read() == ()
    commands.wrote(PASSES, MODEL, which="build", empty=True)
    commands.read()
    commands.wrote(PASSES, which="test", sample={"start": "2026-01-01"})
    commands.read()
    commands.wrote(MODEL, which="run")
    commands.read()
    commands.wrote({**FAILS, "status": "skipped"}, which="build", fail_fast=True)
    commands.read()
    commands.wrote({"unique_id": "source.observed.shop.seen", "status": "pass"}, which="", file="sources")
    commands.read()
    assert commands.alerts() == [(metric, status, *found)]

    commands.wrote({**PASSES, "unique_id": "test.theirs.x"}, which="test")
    (problem,) = commands.read()
    assert "has the results of another project, theirs, and was not read" in problem
    commands.wrote(PASSES)
    commands.read()
    assert [row[:2] for row in commands.alerts()] == [("says_no", "resolved")]


def test_every_command_between_two_runs_is_read_in_order(commands: Commands) -> None:
    """The artifact has the last command alone; those before it are in the log."""
    commands.logged("PASS")
    commands.logged("FAIL 3")
    commands.wrote(MODEL, which="run")
    commands.read()
    failing_since = BEGUN + timedelta(minutes=2)
    ((metric, status, severity, _, since, _),) = commands.alerts()
    assert (metric, status, severity, since) == ("says_no", "open", "critical", failing_since)

    # What is there already is not read again, however old or new the file is.
    stored = f"select count(*) from {MONITORING}.dbt_results"
    before = commands.observed.sql(stored, at="observed")
    commands.read()
    assert commands.observed.sql(stored, at="observed") == before

    commands.logged("WARN 1")
    commands.logged("FAIL 1", "build --empty")
    commands.logged("PASS", "retry")
    commands.wrote(MODEL, which="run")
    commands.read()
    ((_, status, severity, _, since, _),) = commands.alerts()
    assert (status, severity, since) == ("open", "warning", failing_since)

    commands.logged("PASS", "test")
    commands.wrote(MODEL, which="run")
    commands.read()
    assert [row[:2] for row in commands.alerts()] == [("says_no", "resolved")]


def test_a_missing_batch_is_an_alert_until_it_is_built(commands: Commands) -> None:
    commands.wrote(PARTLY, which="run")
    commands.read()
    ((metric, status, severity, reason, since, _),) = commands.alerts()
    assert (metric, status, severity) == ("failed_executions", "open", "critical")
    assert reason == "1 of 10 batches failed: 2026-03-04"
    commands.wrote({**MODEL, "batch_results": batches(range(0), range(13, 15))}, which="run")
    commands.read()
    assert [(row[1], row[3], row[4]) for row in commands.alerts()] == [
        ("open", "1 batch is still missing: 2026-03-04", since)
    ]
    commands.wrote({**MODEL, "batch_results": batches(range(0), range(4, 14))}, which="run")
    commands.read()
    assert [(row[1], row[4]) for row in commands.alerts()] == [("resolved", since)]
