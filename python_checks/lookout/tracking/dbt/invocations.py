"""dbt's invocations and nodes as events of executions, from artifacts and from dbt's log."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lookout.project.artifacts.outcomes import (
    GOOD,
    NONE,
    command_of,
    has_results,
    is_rebuilding,
    message_of,
    missing_batches,
    named_batches,
    outcome_of,
    packages_of,
)
from lookout.project.declarations.nodes import owner_of
from lookout.tracking.dbt.entry import BUILT, TICK, moment_or_epoch, rows_of, times_of
from lookout.tracking.dbt.logged import LoggedInvocation, LoggedNode
from lookout.tracking.executions.events import End, Event, Heartbeat, Register, Start
from lookout.tracking.model import Pipeline, hashed_id

# A log without new lines for so long belongs to a dbt that is gone.
PATIENCE = timedelta(hours=6)
INTERRUPTED = "dbt was interrupted, or failed outside its nodes"
KILLED = "dbt ended without a word: killed, or the machine went down"
OPERATIONS = ("sql_operation.", "operation.")


def invocation_key(invocation_id: str) -> str:
    """Return the identity of the execution of a dbt invocation."""
    return hashed_id(f"dbt:{invocation_id}")


def node_key(invocation_id: str, node_id: str) -> str:
    """Return the identity of the execution of a node within an invocation."""
    return hashed_id(f"dbt:{invocation_id}:{node_id}")


class DbtInvocations:
    """Converter of dbt's results into events for the execution store. Lookout's own monitoring models are left out.

    ``limits`` are those that nodes declare, by unique id, None where they cannot be read. ``shift`` is added to every
    time: a run with an ``as_of`` in the past is recorded in the past. There, ``after`` has the last start of each
    pipeline at that clock, so that what ran later also begins later, and ``until`` is the clock. ``missing`` has the
    batches of microbatch models that failed before and were not built since. ``host`` is the process that runs dbt,
    where it is known.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        limits: Mapping[str, Mapping[str, Any] | None] | None = None,
        *,
        shift: timedelta = timedelta(0),
        after: Mapping[str, datetime] | None = None,
        until: datetime | None = None,
        missing: Mapping[str, Collection[str]] | None = None,
        host: str = "",
    ) -> None:
        metadata = manifest.get("metadata") or {}
        self.project = f"dbt:{metadata.get('project_name') or 'project'}"
        self._manifest, self._limits, self._shift, self._host = manifest, limits or {}, shift, host
        self._nodes = {**(manifest.get("nodes") or {}), **(manifest.get("unit_tests") or {})}
        self._nodes.update(manifest.get("sources") or {})
        self._after, self._until, self._missing = after or {}, until, dict(missing or {})
        self.packages = packages_of(manifest)

    def registrations(self, node_ids: Iterable[str], at: datetime) -> list[Event]:
        """Return the registrations of the project and of some of its nodes."""
        project = Pipeline(self.project, pipeline_type="dbt project", origin="dbt")
        return [Register(project, at), *(Register(self._pipeline(node_id), at) for node_id in node_ids)]

    def of_results(self, results: Mapping[str, Any]) -> list[Event]:
        """Return the events of a run_results.json or sources.json; none for commands that built and tested nothing.

        ``succeeded`` in it, which dbt's log says, is how the command ended.
        """
        metadata = results.get("metadata") or {}
        invocation = str(metadata.get("invocation_id") or "")
        if not invocation or not has_results(results):
            return []
        ended = moment_or_epoch(metadata["generated_at"])
        if metadata.get("invocation_started_at"):
            started = moment_or_epoch(metadata["invocation_started_at"])
        else:
            started = ended - timedelta(seconds=float(results.get("elapsed_time") or 0.0))
        # Hooks are no pipelines, but a command whose hook failed has failed.
        counted = [r for r in results.get("results") or [] if not self._is_own(str(r.get("unique_id")))]
        ran = []
        for result in counted:
            times = times_of(result)
            if times is not None and self.is_tracked(str(result.get("unique_id"))):
                ran.append((result, *times))
        start = self.start_of(
            invocation, min([started, *(begin for _, begin, _ in ran)]), command_of(results) or "build"
        )
        events = self.registrations([str(r["unique_id"]) for r, _, _ in ran], start.start_date)
        last = max([ended, *(end for _, _, end in ran)])
        events.append(self._end(start, last, counted, is_good=results.get("succeeded") is not False))
        is_rebuilt = is_rebuilding(results)
        return events + [self._node_end(invocation, *one, is_rebuilt=is_rebuilt) for one in ran]

    def _node_end(
        self,
        invocation: str,
        result: Mapping[str, Any],
        begin: datetime,
        end: datetime,
        *,
        is_rebuilt: bool,
        rows: int | None = None,
    ) -> End:
        """Return the end of a node, with its start, from its entry in the results.

        A microbatch model is not whole, and so not built, before all its batches are.
        """
        node_id, status, error = str(result["unique_id"]), str(result.get("status")), ""
        rows = rows_of(result, node_id) if rows is None else rows
        code = str(result.get("compiled_code") or "")
        checksum = hashlib.sha256(code.encode()).hexdigest() if code else ""
        start = self.node_start(invocation, node_id, begin, checksum)
        missing = missing_batches(self._missing.pop(node_id, ()), result, is_rebuilt=is_rebuilt)
        if missing:
            self._missing[node_id] = missing
        if outcome_of(status, node_id) not in GOOD:
            error = message_of(result) or status
        elif missing:
            status, verb = "partial success", "batch is" if len(missing) == 1 else "batches are"
            error = f"{len(missing)} {verb} still missing: {named_batches(missing)}"
        return End(
            start.execution_id,
            self._end_of(start, begin, end),
            not error,
            inserts=rows,
            total_rows=rows,
            status=status,
            start=start,
            error=error,
            execution_metadata={"missing_batches": missing} if missing else {},
        )

    def _start_at(self, name: str, at: datetime) -> datetime:
        before = self._after.get(name)
        return at + self._shift if before is None else max(at + self._shift, before + TICK)

    def _end_of(self, start: Start, begun: datetime, ended: datetime) -> datetime:
        """Return the end of an execution that takes as long as it did, but ends by the clock of a replay."""
        end = start.start_date + (ended - begun)
        return max(end if self._until is None else min(end, self._until), start.start_date + TICK)

    def of_log(self, logged: LoggedInvocation, *, now: datetime, may_run: bool) -> list[Event]:
        """Return the events of an invocation in the log; one without an end failed, unless it may still be running.

        A log without new lines for PATIENCE is of a dbt that hangs or is gone, even when a process has it open.
        """
        results = logged.as_results()
        if not has_results(results):
            return []
        nodes = [n for n in logged.nodes if self.is_tracked(n.node_id) and (n.status or n.ended_at is None)]
        nodes = [n for n in nodes if not n.status or outcome_of(n.status, n.node_id) != NONE]
        start = self.start_of(logged.invocation_id, logged.started_at, logged.command)
        events = self.registrations([n.node_id for n in nodes], start.start_date)
        last = logged.last_seen_at or logged.started_at
        is_running = logged.ended_at is None and may_run and now - last < PATIENCE
        if is_running:
            events += [start, Heartbeat(start.execution_id, last)]
        elif logged.ended_at is None:
            events.append(self._end(start, last, [{"status": n.status or "killed"} for n in nodes], error=KILLED))
        else:
            counted = [result for result in results["results"] if not self._is_own(result["unique_id"])]
            events.append(self._end(start, logged.ended_at, counted, is_good=bool(logged.succeeded)))
        for node in nodes:
            if node.status:
                result, end, is_rebuilt = node.as_result(), node.ended_at or last, is_rebuilding(results)
                rows = node.rows if node.node_id.startswith(BUILT) else None
                times = (node.started_at, end)
                events.append(self._node_end(logged.invocation_id, result, *times, is_rebuilt=is_rebuilt, rows=rows))
            else:
                events.append(self._left_open(logged.invocation_id, node, None if is_running else last))
        return events

    def _left_open(self, invocation: str, node: LoggedNode, killed_at: datetime | None) -> Event:
        """Return the start of a node that has not ended; its end when the invocation is over all the same."""
        start = self.node_start(invocation, node.node_id, node.started_at)
        if killed_at is None:
            return start
        return End(
            start.execution_id,
            max((node.ended_at or killed_at) + self._shift, start.start_date + TICK),
            False,
            start=start,
            status="killed",
            error=KILLED,
            closed_by="reaper",
        )

    def start_of(self, invocation: str, at: datetime, command: str) -> Start:
        """Return the start of an invocation."""
        return Start(
            invocation_key(invocation),
            self.project,
            self._start_at(self.project, at),
            kind="dbt invocation",
            host=self._host,
            execution_metadata={"invocation_id": invocation, "command": f"dbt {command}"},
        )

    def node_start(self, invocation: str, node_id: str, at: datetime, checksum: str = "") -> Start:
        """Return the start of a node."""
        return Start(
            node_key(invocation, node_id),
            node_id,
            self._start_at(node_id, at),
            parent_id=invocation_key(invocation),
            kind="dbt node",
            node_id=node_id,
            code_checksum=checksum,
            host=self._host,
        )

    def _end(
        self,
        start: Start,
        at: datetime,
        results: Sequence[Mapping[str, Any]],
        *,
        is_good: bool = True,
        error: str = "",
    ) -> End:
        """Return the end of an invocation with its nodes counted by status.

        ``is_good`` is what dbt says of itself. ``error`` is for an invocation that never ended.
        """
        counts = Counter(str(result.get("status")) for result in results if not _is_hook(result))
        bad = [r for r in results if outcome_of(r.get("status")) not in (*GOOD, NONE)]
        is_good = is_good and not bad and not error
        words = [f"{count} {status}" for status, count in sorted(counts.items()) if outcome_of(status) not in GOOD]
        hooks = [f"{r['unique_id'].split('.')[-1]}: {message_of(r)}" for r in bad if _is_hook(r)]
        reason = error or "; ".join([", ".join(words), *hooks] if words else hooks)
        return End(
            start.execution_id,
            max(at + self._shift, start.start_date + TICK),
            is_good,
            start=start,
            execution_metadata={"nodes": dict(counts)},
            error="" if is_good else reason or (INTERRUPTED if counts else "dbt failed before any node ran"),
            closed_by="reaper" if error == KILLED else "self",
            status="killed" if error == KILLED else "",
        )

    def is_tracked(self, node_id: str) -> bool:
        """Return whether a node is a pipeline: not one of Lookout's own models, of another project, or an operation."""
        return not (self._is_own(node_id) or node_id.startswith(OPERATIONS))

    def _is_own(self, node_id: str) -> bool:
        fqn = self._nodes.get(node_id, {}).get("fqn") or []
        return list(fqn[:2]) == ["lookout", "monitoring"]

    def _pipeline(self, node_id: str) -> Pipeline:
        node, limits = self._nodes.get(node_id) or {}, self._limits.get(node_id, {})
        if limits is None:
            # A reference leaves the stored settings as they are.
            return Pipeline(node_id, origin="dbt", node_id=node_id)
        kind = str(node.get("resource_type") or node_id.split(".")[0]).replace("_", " ")
        return Pipeline(
            node_id,
            pipeline_type=f"dbt {kind}",
            origin="dbt",
            node_id=node_id,
            owner=owner_of(node, self._manifest.get("groups") or {}),
            **limits,
        )


def _is_hook(result: Mapping[str, Any]) -> bool:
    return str(result.get("unique_id")).startswith(OPERATIONS)
