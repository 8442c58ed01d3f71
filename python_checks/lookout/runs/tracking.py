"""Tracking as a part of a run: the executions since the last one, and the dbt build of this one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from lookout.database.runners.process import this_process
from lookout.errors import ArtifactError, LookoutError
from lookout.project.artifacts.damage import read_results
from lookout.project.dbt import NodeEvent
from lookout.project.workspace import Watched
from lookout.runs.recording import Run
from lookout.runs.results import retire_removed_tests, write_results
from lookout.tracking.dbt.commands import read_commands
from lookout.tracking.dbt.invocations import DbtInvocations, invocation_key
from lookout.tracking.executions.events import Event
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.lineage.declare import declare_manifest, rebuild_closure
from lookout.tracking.reaper import reap
from lookout.tracking.sdk.spool import deliver_spool

logger = logging.getLogger(__name__)

FLUSH = timedelta(seconds=1)


def open_execution_store(run: Run) -> ExecutionStore:
    """Return the execution store in the monitoring schema of a run, on a connection of its own."""
    home = run.workspace.home
    return ExecutionStore(home.warehouse, run.store.schema, time_limit=home.time_limit)


def catch_up(run: Run, execution_store: ExecutionStore) -> int:
    """Record what happened since the last run: spooled events, executions that died, dbt's commands and their results.

    Returns the number of executions that ended. What cannot be read is a problem of the run, and stops nothing else.
    """
    delivered = deliver_spool(run.workspace.home.warehouse, run.store.schema)
    run.problems += delivered.problems
    ended = 0
    for watched in run.workspace.watched:
        ended += _record_commands(run, execution_store, watched)
    retire_removed_tests(run)
    if run.workspace.home.project.is_live:
        # In a replay of the past, every running execution would look dead.
        ended += len(reap(execution_store, datetime.now(timezone.utc)))
    return ended


def declare_lineage(run: Run) -> None:
    """Bring addresses, edges and their closure in line with the manifests."""
    declare_manifest(run.store, run.declared.lineage, as_of=run.as_of)
    loops = rebuild_closure(run.store).cycles
    run.problems += [f"lineage runs in a circle: {' -> '.join([*loop, loop[0]])}" for loop in loops]


class LiveBuild:
    """Records the nodes of a dbt build as they begin, so that a build that is killed leaves a trace.

    Tracking never fails the build: when the database fails, only the results are recorded afterwards. A replay of the
    past records its results only, at its own clock.
    """

    def __init__(self, run: Run, execution_store: ExecutionStore) -> None:
        self._run, self._execution_store = run, execution_store
        self._runs = DbtInvocations(run.workspace.home.manifest, run.declared.limits, host=this_process())
        self._waiting: list[Event] = []
        self._flushed_at = datetime.fromtimestamp(0, timezone.utc)
        self._is_on = run.workspace.home.project.is_live
        self._invocation = ""

    def on_event(self, event: NodeEvent) -> None:
        """Record the start of a node from one event of dbt."""
        if not self._is_on or event.status or not self._runs.is_tracked(event.node_id):
            return
        now = datetime.now(timezone.utc)
        if event.invocation_id != self._invocation:
            self._invocation = event.invocation_id
            self._waiting.append(self._runs.start_of(event.invocation_id, now, "build"))
        self._waiting += self._runs.registrations([event.node_id], now)
        self._waiting.append(self._runs.node_start(event.invocation_id, event.node_id, now))
        if now - self._flushed_at > FLUSH:
            self._flush(now)

    def finish(self) -> int:
        """Record the results of the build from run_results.json; return their number."""
        file = self._run.workspace.home.project.target_path / "run_results.json"
        try:
            results, damaged = read_results(file)
        except ArtifactError as error:
            self._run.problems.append(str(error))
            return 0
        # Without a new build the file is an old one, which is known.
        if _ended(self._execution_store, [str(results["metadata"].get("invocation_id") or "")]):
            return 0
        self._run.problems += damaged
        stored = write_results(self._run, self._run.workspace.watched[0], results, is_own=True)
        events = _own_invocations(self._run, self._execution_store).of_results(results)
        _recorded(self._run, self._execution_store, events)
        return stored

    def _flush(self, now: datetime) -> None:
        waiting, self._waiting, self._flushed_at = self._waiting, [], now
        try:
            self._execution_store.record(waiting)
        except LookoutError as error:
            logger.warning("the build is not tracked while it runs: %s", error)
            self._is_on = False


def _own_invocations(run: Run, execution_store: ExecutionStore) -> DbtInvocations:
    """Return a reader of this run's dbt results; in a replay of the past their times end at the run's clock."""
    manifest, limits, missing = run.workspace.home.manifest, run.declared.limits, _missing_batches(run, execution_store)
    if run.workspace.home.project.is_live:
        return DbtInvocations(manifest, limits, missing=missing, host=this_process())
    # A replay may be repeated at the same clock, and the order in which its builds ran decides.
    starts = execution_store.query(
        """
        select pipelines.name, max(executions.start_date)
        from {schema}.pipeline_executions as executions
        inner join {schema}.pipelines as pipelines on executions.pipeline_id = pipelines.pipeline_id
        where executions.kind like 'dbt %%' and executions.start_date between %s - interval '1 day' and %s
        group by pipelines.name
        """,
        (run.as_of, run.as_of),
    )
    return DbtInvocations(
        manifest,
        limits,
        shift=run.as_of - datetime.now(timezone.utc),
        after={str(name): at for name, at in starts},
        until=run.as_of,
        missing=missing,
        host=this_process(),
    )


def _missing_batches(run: Run, execution_store: ExecutionStore) -> dict[str, list[str]]:
    """Return the batches that microbatch models lack after their last execution, by unique id."""
    nodes = [
        str(node_id)
        for watched in run.workspace.watched
        for node_id, node in watched.manifest["nodes"].items()
        if (node.get("config") or {}).get("incremental_strategy") == "microbatch"
    ]
    if not nodes:
        return {}
    found = execution_store.query(
        """
        select distinct on (node_id) node_id, execution_metadata -> 'missing_batches'
        from {schema}.pipeline_executions
        where node_id = any(%s) and end_date is not null and start_date <= %s
        order by node_id, start_date desc
        """,
        (nodes, datetime.now(timezone.utc) if run.workspace.home.project.is_live else run.as_of),
    )
    return {str(node_id): missing for node_id, missing in found if missing}


def _record_commands(run: Run, execution_store: ExecutionStore, watched: Watched) -> int:
    """Record the results and the executions of dbt's commands since the last run; return how many executions ended."""
    commands = read_commands(watched, lambda invocations: _ended(execution_store, invocations))
    run.problems += commands.problems
    runs = DbtInvocations(watched.manifest, run.declared.limits, missing=_missing_batches(run, execution_store))
    now, ended = datetime.now(timezone.utc), 0
    for command in commands.found:
        # Results first: the execution is what says that a command is known.
        if not command.may_run:
            write_results(run, watched, command.results, is_logged=command.logged is not None)
        if command.logged is None:
            events = runs.of_results(command.results)
        else:
            events = runs.of_log(command.logged, now=now, may_run=command.may_run)
        ended += _recorded(run, execution_store, events)
    return ended


def _ended(execution_store: ExecutionStore, invocations: Sequence[str]) -> set[str]:
    """Return those of dbt's invocations whose executions have ended."""
    keys = {invocation_key(invocation): invocation for invocation in invocations}
    found = execution_store.query(
        "select execution_id from {schema}.pipeline_executions where execution_id = any(%s) and end_date is not null",
        (list(keys),),
    )
    return {keys[str(key)] for (key,) in found}


def _recorded(run: Run, execution_store: ExecutionStore, events: Sequence[Any]) -> int:
    if not events:
        return 0
    recorded = execution_store.record(events)
    run.problems += [f"tracking: {rejected.reason}" for rejected in recorded.rejected]
    return recorded.ended
