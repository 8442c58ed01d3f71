"""Tracking as a part of a run: the executions since the last one, and the dbt build of this one."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from lookout.errors import ArtifactError, LookoutError
from lookout.project.damage import read_results
from lookout.project.dbt import NodeEvent
from lookout.project.files import RESULT_FILES, UnusableFileError, is_there, read_bytes
from lookout.project.workspace import Watched
from lookout.runs.recording import Run
from lookout.tracking.dbt.invocations import DbtInvocations, invocation_key
from lookout.tracking.dbt.log import invocations_in, read_log
from lookout.tracking.executions.events import Event
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.lineage.declare import declare_manifest, rebuild_closure
from lookout.tracking.reaper import reap
from lookout.tracking.sdk.context import this_process
from lookout.tracking.sdk.spool import deliver_spool

logger = logging.getLogger(__name__)

FLUSH = timedelta(seconds=1)


def open_execution_store(run: Run) -> ExecutionStore:
    """Return the execution store in the monitoring schema of a run, on a connection of its own."""
    home = run.workspace.home
    return ExecutionStore(home.warehouse, run.store.schema, time_limit=home.time_limit)


def catch_up(run: Run, execution_store: ExecutionStore) -> int:
    """Record what happened since the last run: spooled events, executions that died, dbt builds of other people.

    Returns the number of executions that ended. What cannot be read is a problem of the run, and stops nothing else.
    """
    delivered = deliver_spool(run.workspace.home.warehouse, run.store.schema)
    run.problems += delivered.problems
    ended = 0
    for watched in run.workspace.watched:
        ended += sum(_recorded(run, execution_store, events) for events in _dbt_events(run, execution_store, watched))
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

    def finish(self) -> None:
        """Record the results of the build from run_results.json."""
        file = self._run.workspace.home.project.target_path / "run_results.json"
        try:
            # Reading test results reports what is left out.
            results, _ = read_results(file)
        except ArtifactError:
            return
        _recorded(self._run, self._execution_store, _shifted(self._run).of_results(results))

    def _flush(self, now: datetime) -> None:
        waiting, self._waiting, self._flushed_at = self._waiting, [], now
        try:
            self._execution_store.record(waiting)
        except LookoutError as error:
            logger.warning("the build is not tracked while it runs: %s", error)
            self._is_on = False


def _shifted(run: Run) -> DbtInvocations:
    """Return a reader of dbt results whose times are shifted, in a replay of the past, to end at the run's clock."""
    shift = timedelta(0) if run.workspace.home.project.is_live else run.as_of - datetime.now(timezone.utc)
    return DbtInvocations(run.workspace.home.manifest, run.declared.limits, shift=shift, host=this_process())


def _dbt_events(run: Run, execution_store: ExecutionStore, watched: Watched) -> list[list[Event]]:
    """Return the events of the invocations that are not known yet: from the artifacts, then from the log."""
    runs = DbtInvocations(watched.manifest, run.declared.limits)
    target, events = watched.target_path, []
    seen: set[str] = set()
    for name in RESULT_FILES:
        if not is_there(target / name):
            continue
        try:
            content, _ = read_results(target / name)
        except ArtifactError:
            # Reading test results reports it.
            continue
        invocation = str((content.get("metadata") or {}).get("invocation_id") or "")
        seen.add(invocation)
        if not _ended(execution_store, [invocation]):
            events.append(runs.of_results(content))
    return events + _log_events(run, watched.log_file, execution_store, runs, seen)


def _log_events(
    run: Run, file: Path, execution_store: ExecutionStore, runs: DbtInvocations, seen: set[str]
) -> list[list[Event]]:
    if not is_there(file):
        return []
    try:
        text = read_bytes(file).decode("utf-8", "replace")
        written_at = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
    except (UnusableFileError, OSError, ValueError, OverflowError) as error:
        reason = error.reason if isinstance(error, UnusableFileError) else "its time is not known"
        run.problems.append(f"{file} cannot be read, so no build is tracked: {reason}.")
        return []
    found = invocations_in(text)
    known = _ended(execution_store, found)
    skip = seen | {invocation for invocation in found if invocation_key(invocation) in known}
    if skip.issuperset(found):
        return []
    logged = read_log(text, written_at=written_at, skip=skip)
    now = datetime.now(timezone.utc)
    is_alive = bool(logged) and logged[-1].ended_at is None and _is_being_written(file)
    # Only the last invocation of a log can still be running.
    return [runs.of_log(invocation, now=now, may_run=is_alive and invocation is logged[-1]) for invocation in logged]


def _is_being_written(file: Path) -> bool:
    """Return whether a process on this machine has the log open; a dbt that was killed has not."""
    import psutil  # type: ignore[import-untyped]

    wanted = str(file.resolve())
    for process in psutil.process_iter():
        # The dbt inside this process has the log open, too, but writes nothing to it.
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if any(opened.path == wanted for opened in process.open_files()):
                return True
    return False


def _ended(execution_store: ExecutionStore, invocations: Sequence[str]) -> set[str]:
    keys = [invocation_key(invocation) for invocation in invocations]
    found = execution_store.query(
        "select execution_id from {schema}.pipeline_executions where execution_id = any(%s) and end_date is not null",
        (keys,),
    )
    return {str(key) for (key,) in found}


def _recorded(run: Run, execution_store: ExecutionStore, events: Sequence[Any]) -> int:
    if not events:
        return 0
    recorded = execution_store.record(events)
    run.problems += [f"tracking: {rejected.reason}" for rejected in recorded.rejected]
    return recorded.ended
