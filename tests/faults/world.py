"""A small project that is disturbed, and its twin: the same data and clocks without a fault.

The day before is the same for both, and prepared once. On the day itself one table has stopped, so there is an alert
and a message; another had stopped earlier, so there is an alert of which everybody knows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from lookout.database.retries import Breakers, RetryPolicy
from lookout.errors import LookoutError
from lookout.grants.plan import READER, WRITER
from lookout.project.lookout_file import read_options
from lookout.runs.summary import RunSummary
from lookout.tracking.executions.series import CONNECTION as PIPELINES
from tests.conftest import MONITORING, ROOT, Observed
from tests.faults.hooks import struck
from tests.faults.proxy import Fault, Proxy
from tests.faults.service import Sink
from tests.waiting import wait_until

DAY_BEFORE, CLOCK = "2026-03-02", "2026-03-03"
LAST_DAYS = {"orders": "2026-03-02", "payments": "2026-03-01", "refunds": "2026-02-27", "visits": "2026-03-02"}
MODEL = """
{{ config(materialized='table', meta={'lookout': {'timestamp_column': 'at', 'metrics': ['row_count']}}) }}
select cast('2026-01-01' as timestamptz) + n * interval '1 day' as at from generate_series(0, 60) as n
"""
LIMITS = {"lease": "2 seconds", "statement": "3 seconds", "lock": "1 second", "source": "15 seconds"}
TARGET = {"url": {"env": "HOOK"}, "messages_per_minute": 60000, "time_limit": "2 seconds"}
# What people are shown. Durations of executions are measured, so series of pipelines are nobody's twin.
STATE = {
    "metric_observations": "series_key, bucket_start, value, observed_at",
    "baselines": "series_key, bucket_start, status, observed_value, expected_value, lower_bound, upper_bound, score, "
    "severity, reason, learned_at",
    "monitors": "series_key, is_active, connection, asset, metric",
    "alerts": "alert_key, alert_type, severity, status, connection, asset, metric, window_start, window_end, "
    "observed_value, description, reason, first_seen_at, last_seen_at, occurrences, resolved_at",
    "alert_deliveries": "alert_key, target, step, stage, status, severity, alert_status",
    "collection_results": "connection, asset, as_of, status, message",
    "asset_states": "connection, asset, state, reason",
    "pipelines": "name",
}
OF_TABLES = {
    "metric_observations": f"series_key in (select series_key from {MONITORING}.monitors where connection <> '{PIPELINES}')",
    "baselines": f"series_key in (select series_key from {MONITORING}.monitors where connection <> '{PIPELINES}')",
    "monitors": f"connection <> '{PIPELINES}'",
    "alerts": f"connection <> '{PIPELINES}'",
    "asset_states": f"connection <> '{PIPELINES}'",
}
State = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and all that it printed, line breaks aside."""

    code: int
    said: str
    summary: RunSummary | None = None


@dataclass
class World:
    """The project under fault. ``sink`` is where its messages go.

    It reads and writes its warehouse through one proxy all the time: dbt parses everything again where another server
    stands in the profile.
    """

    observed: Observed
    monkeypatch: pytest.MonkeyPatch
    network: Proxy
    sink: Sink = field(default_factory=Sink)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    # Undone before the undisturbed run.
    repairs: list[Callable[[], object]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The folder of the project."""
        return self.observed.root

    # --- a world as it was the day before

    def prepare(self) -> None:
        """Make the template of the day before."""
        world = self.observed
        world.reset("observed_template")
        for table, last in LAST_DAYS.items():
            world.sql(f"create table {table} (at timestamptz, amount numeric)")
            world.sql(
                f"insert into {table} select day + interval '1 hour' * n, n from generate_series("
                f"timestamptz '2026-01-01Z', timestamptz '{last}Z', interval '1 day') as day, generate_series(1, 20) as n"
            )
        self.write_project()
        self.lead()
        assert self.run(DAY_BEFORE).code == 1
        for name, place in (("faults_shop", "shop"), ("faults_observed", "observed")):
            world.server.run(f"drop database if exists {name} with (force)")
            world.server.run(f"alter database {place} rename to {name}")

    def write_project(self) -> None:
        """Write what is watched, what is built and where messages go."""
        self.observed.declare({name: {"timestamp_column": "at", "metrics": ["row_count"]} for name in LAST_DAYS})
        (self.root / "models" / "daily.sql").write_text(MODEL)
        self.limit()
        self.monkeypatch.setenv("HOOK", self.sink.url)

    def limit(self, **limits: str) -> None:
        """Write lookout.yml with other limits."""
        settings = {"limits": {**LIMITS, **limits}, "notifications": {"targets": {"team": TARGET}}}
        (self.root / "lookout.yml").write_text(yaml.safe_dump(settings))

    def reset(self, *, is_new: bool = False) -> None:
        """Go back to the day before; ``is_new``: the data only, without a monitoring schema."""
        world = self.observed
        world.shop = world.server.create_database("shop", template="faults_shop")
        world.warehouse = world.server.create_database(
            "observed", template="template1" if is_new else "faults_observed"
        )
        if is_new:
            world._grant(is_new=True)
            # What was granted for tables to come is of no use to those that are there.
            world.sql(f"grant select on all tables in schema public to {READER}")
        self.lead()
        self.limit()
        self.sink.posts.clear()

    def clean(self) -> None:
        """Leave the project to other tests as it was."""
        self.sink.close()
        for name in ("lookout.yml", "models/daily.sql"):
            (self.root / name).unlink(missing_ok=True)

    def lead(self, shop: Proxy | None = None) -> None:
        """Write the profile; the watched database is read directly, or through a proxy."""
        file = self.root / "profiles.yml"
        self.observed._write_profile({"observed": WRITER, "shop": READER})
        profile = yaml.safe_load(file.read_text())
        for name, running in (("observed", self.network), ("shop", shop)):
            output = profile["observed"]["outputs"][name]
            output["connect_timeout"] = 2
            if running is not None:
                output.update({key: running.connection.parameters[key] for key in ("host", "port", "sslmode")})
        file.write_text(yaml.safe_dump(profile))

    # --- runs

    def run(self, clock: str = CLOCK) -> Ended:
        """`lookout run` in this process."""
        # One try, and breakers that know nothing of other tests.
        options = replace(read_options(self.root), breakers=Breakers(), retry=RetryPolicy(max_attempts=1))
        try:
            summary = self.observed.run(clock, options=options)
        except LookoutError as error:
            return Ended(2, " ".join(str(error).split()))
        return Ended(summary.exit_code, " ".join("; ".join(summary.problems).split()), summary)

    def run_struck(self, phase: str, strike: Callable[[], object], clock: str = CLOCK) -> Ended:
        """`lookout run` in this process, with a fault in the middle of a phase."""
        strikes: list[str] = []

        def once() -> None:
            strikes.append(phase)
            strike()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(*struck(phase, once))
            ended = self.run(clock)
        assert strikes == [phase], "the fault did not strike"
        return ended

    def start(self, *command: str, before: tuple[str, ...] = (), prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """A lookout command in a process of its own; ``before`` are a phase and the signal that it sends itself there.

        ``prefix`` is a command that starts it.
        """
        module = ["tests.faults.hooks", *before] if before else ["lookout"]
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", *module, *(command or ("run", "--as-of", CLOCK))],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "python_checks")])},
        )
        self.processes.append(process)
        return process

    def end_all(self) -> None:
        """End whatever a failed test has left."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
        self.processes.clear()

    def let_claims_lapse(self) -> None:
        """Messages that a run has claimed are free again a minute after the time limit of their target."""
        self.repairs.append(
            lambda: self.rows(
                "update {schema}.alert_deliveries set claimed_until = now() - interval '1 second' "
                "where status = 'sending' returning 1"
            )
        )

    def repair(self) -> None:
        """Undo the fault."""
        while self.repairs:
            self.repairs.pop()()
        self.network.fault = Fault()
        self.lead()
        self.sink.always = 200
        self.sink.answers.clear()

    # --- what is stored

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse; ``{schema}`` is the monitoring schema."""
        return self.observed.sql(query.replace("{schema}", MONITORING), at="observed")

    def state(self) -> State:
        """Everything that people are shown, by table."""
        return {
            table: self.rows(
                f"select {columns} from {{schema}}.{table} where {OF_TABLES.get(table, 'true')} order by {columns}"
            )
            for table, columns in STATE.items()
        }

    def builds(self) -> list[tuple[Any, ...]]:
        """How often each pipeline was executed, and how it ended. A model that is built twice was executed twice."""
        return self.rows(
            "select pipelines.name, executions.end_date is null, count(*) from {schema}.pipeline_executions as executions "
            "inner join {schema}.pipelines as pipelines on executions.pipeline_id = pipelines.pipeline_id "
            "group by 1, 2 order by 1, 2"
        )

    def is_called_good(self) -> bool:
        """Whether a run of the day is recorded as a success."""
        return bool(self.rows(f"select 1 from {{schema}}.lookout_runs where as_of = '{CLOCK}Z' and status = 'success'"))

    def last_run(self) -> str:
        """The status of the latest run."""
        ((status,),) = self.rows("select status from {schema}.lookout_runs order by batch_number desc limit 1")
        return str(status)

    def messages(self) -> list[str]:
        """What people were sent on the day, in order."""
        return sorted(stage for stages in self.sink.stages() for stage in stages)


def ended(process: subprocess.Popen[str], seconds: float = 100) -> Ended:
    """Wait for a process, which never ends with a traceback."""
    try:
        said = " ".join(" ".join(process.communicate(timeout=seconds)).split())
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert "Traceback" not in said, said
    return Ended(int(process.returncode), said)


def wait_for_halt(process: subprocess.Popen[str]) -> None:
    """Wait until a process has halted itself."""
    seen = psutil.Process(process.pid)
    wait_until(lambda: process.poll() is not None or seen.status() == psutil.STATUS_STOPPED)
    assert process.poll() is None, process.communicate()
