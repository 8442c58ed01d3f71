"""Measure how many executions a second the execution store takes: at once, in batches, by SDK and from the spool.

    python benchmarks/track_speed.py [--executions 10000] [--url postgresql://...]

Without a URL it starts an embedded PostgreSQL in a temporary folder and removes it afterwards; a database that is named
must hold the tables of the monitoring schema (`dbt build --select monitoring`), and everything written is removed.
An execution is two events, its start and its end.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from _workbench import project, server

from lookout.database.connection import Connection
from lookout.runs.landing import ensure_landing
from lookout.tracking.executions.events import End, Event, Start
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.sdk.context import connection_of
from lookout.tracking.sdk.spool import deliver_spool, spool_for
from lookout.tracking.sdk.tracker import Tracker

T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)
PREFIX = "track speed benchmark"
BATCH = 5000
REMOVE = (
    "delete from {schema}.pipeline_execution_closure using {schema}.pipeline_executions as e, {schema}.pipelines as p "
    "where child_execution_id = e.execution_id and e.pipeline_id = p.pipeline_id and starts_with(p.name, %s)",
    "delete from {schema}.pipeline_executions as e using {schema}.pipelines as p "
    "where e.pipeline_id = p.pipeline_id and starts_with(p.name, %s)",
    "delete from {schema}.watermarks as w using {schema}.pipelines as p "
    "where w.pipeline_id = p.pipeline_id and starts_with(p.name, %s)",
    "delete from {schema}.pipelines as p where starts_with(p.name, %s)",
)


def events(executions: int) -> list[Event]:
    """Starts and ends of executions of fifty pipelines; nine in ten are nested below one."""
    made: list[Event] = []
    parent = None
    for number in range(executions):
        begin = T0 + timedelta(seconds=number)
        key = uuid.uuid4().hex
        start = Start(
            key, f"{PREFIX} {number % 50}", begin, parent if number % 10 else None, next_watermark=str(number)
        )
        made += [start, End(key, begin + timedelta(seconds=9), True, inserts=number, total_rows=number)]
        parent = key if number % 10 == 0 else parent
    return made


def timed(what: str, count: int, work: Callable[[], object]) -> None:
    """Print how many events a second some work took."""
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    print(f"{what:<44} {count:>8,} events {seconds:8.2f} s {count / seconds:>10,.0f} a second")


def single(execution_store: ExecutionStore, many: list[Event]) -> None:
    """Every event in a transaction of its own."""
    for event in many:
        execution_store.record([event])


def batched(execution_store: ExecutionStore, many: list[Event]) -> None:
    """Batches of events."""
    for begin in range(0, len(many), BATCH):
        execution_store.record(many[begin : begin + BATCH])


def sdk(connection: Connection, executions: int, size: int) -> None:
    """``with tracker.track(...)``, nothing in between."""
    with Tracker(connection, batch_size=size) as tracker:
        for number in range(executions):
            with tracker.track(f"{PREFIX} {number % 50}") as run:
                run.inserts = number


def spooled(connection: Connection, many: list[Event]) -> None:
    """Write to a spool file in batches, then deliver it."""
    spool = spool_for(connection)

    def write() -> None:
        for begin in range(0, len(many), BATCH):
            spool.append(many[begin : begin + BATCH])

    timed("spool, written by batches", len(many), write)
    timed("spool, delivered", len(many), lambda: deliver_spool(connection))


def main() -> None:
    """Measure in the database that is named, else in one of a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executions", type=int, default=10_000)
    parser.add_argument("--url")
    arguments = parser.parse_args()
    if arguments.url:
        measure(connection_of(arguments.url, "--url"), arguments.executions)
        return
    with server() as (running, home):
        workspace = project(running, home / "tracking")
        ensure_landing(workspace)
        measure(workspace.home.warehouse, arguments.executions)


def measure(connection: Connection, executions: int) -> None:
    """Measure and print."""
    few, many = max(executions // 20, 1), executions
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {connection.location}")
    with tempfile.TemporaryDirectory() as folder, ExecutionStore(connection) as execution_store:
        os.environ["LOOKOUT_SPOOL"] = folder
        try:
            some = events(few)
            timed("execution_store, one event a transaction", len(some), lambda: single(execution_store, some))
            made = events(many)
            timed(f"execution_store, batches of {BATCH:,}", len(made), lambda: batched(execution_store, made))
            timed("execution_store, the same again (known already)", len(made), lambda: batched(execution_store, made))
            timed("building such events in Python", 2 * many, lambda: events(many))
            timed("SDK, one by one", 2 * few, lambda: sdk(connection, few, 1))
            timed("SDK, batch_size=2000", 2 * many, lambda: sdk(connection, many, 2000))
            spooled(connection, events(many))
        finally:
            for statement in REMOVE:
                execution_store.query(statement, (PREFIX,))


if __name__ == "__main__":
    main()
