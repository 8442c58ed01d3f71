"""dbt's invocations and nodes as events of executions, from artifacts and from dbt's log."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from lookout.project.declarations.nodes import owner_of
from lookout.tracking.dbt.log import LoggedInvocation, LoggedNode, moment_of
from lookout.tracking.executions.events import End, Event, Heartbeat, Register, Start
from lookout.tracking.model import Pipeline, hashed_id

# Commands that run nodes; the others are not tracked.
COMMANDS = ("build", "run", "test", "seed", "snapshot", "source", "freshness", "retry", "clone")
GOOD = ("success", "pass", "warn", "no-op", "partial success")
TICK = timedelta(milliseconds=1)
# A log without new lines for so long belongs to a dbt that is gone.
PATIENCE = timedelta(hours=6)
KILLED = "dbt ended without a word: killed, or the machine went down"
ROWS = re.compile(r"(?:INSERT 0|SELECT|MERGE) (\d+)")


def invocation_key(invocation_id: str) -> str:
    """Return the identity of the execution of a dbt invocation."""
    return hashed_id(f"dbt:{invocation_id}")


def node_key(invocation_id: str, node_id: str) -> str:
    """Return the identity of the execution of a node within an invocation."""
    return hashed_id(f"dbt:{invocation_id}:{node_id}")


class DbtInvocations:
    """Converter of dbt's results into events for the execution store. Lookout's own monitoring models are left out.

    ``limits`` are those that nodes declare, by unique id, None where they cannot be read. ``shift`` is added to every
    time: a run with an ``as_of`` in the past is recorded in the past. ``host`` is the process that runs dbt, where it
    is known.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        limits: Mapping[str, Mapping[str, Any] | None] | None = None,
        *,
        shift: timedelta = timedelta(0),
        host: str = "",
    ) -> None:
        metadata = manifest.get("metadata") or {}
        self.project = f"dbt:{metadata.get('project_name') or 'project'}"
        self._manifest, self._limits, self._shift, self._host = manifest, limits or {}, shift, host
        self._nodes = {**(manifest.get("nodes") or {}), **(manifest.get("unit_tests") or {})}
        self._nodes.update(manifest.get("sources") or {})

    def registrations(self, node_ids: Iterable[str], at: datetime) -> list[Event]:
        """Return the registrations of the project and of some of its nodes."""
        project = Pipeline(self.project, pipeline_type="dbt project", origin="dbt")
        return [Register(project, at), *(Register(self._pipeline(node_id), at) for node_id in node_ids)]

    def of_results(self, results: Mapping[str, Any]) -> list[Event]:
        """Return the events of a run_results.json or sources.json; none for commands that run no nodes."""
        metadata = results.get("metadata") or {}
        invocation = str(metadata.get("invocation_id") or "")
        command = _command(results)
        if not invocation or command not in COMMANDS:
            return []
        ended = _moment(metadata["generated_at"])
        if metadata.get("invocation_started_at"):
            started = _moment(metadata["invocation_started_at"])
        else:
            started = ended - timedelta(seconds=float(results.get("elapsed_time") or 0.0))
        nodes = [r for r in results.get("results") or [] if self.is_tracked(str(r.get("unique_id")))]
        ran = []
        for result in nodes:
            times = _times(result)
            if times is not None:
                ran.append((result, *times))
        statuses = [str(r.get("status")) for r in nodes]
        start = self.start_of(invocation, min([started, *(begin for _, begin, _ in ran)]), command)
        events = self.registrations([str(r["unique_id"]) for r, _, _ in ran], start.start_date)
        events.append(self._end(start, max([ended, *(end for _, _, end in ran)]), _is_good(statuses), statuses))
        events += [self._node_end(invocation, result, begin, end) for result, begin, end in ran]
        return events

    def _node_end(self, invocation: str, result: Mapping[str, Any], begin: datetime, end: datetime) -> End:
        """Return the end of a node, with its start, from its entry in the results."""
        node_id = str(result["unique_id"])
        status = str(result.get("status"))
        rows = _rows(result, node_id)
        code = str(result.get("compiled_code") or "")
        checksum = hashlib.sha256(code.encode()).hexdigest() if code else ""
        start = self.node_start(invocation, node_id, begin, checksum)
        return End(
            start.execution_id,
            max(end + self._shift, start.start_date + TICK),
            status in GOOD,
            inserts=rows,
            total_rows=rows,
            status=status,
            start=start,
            error="" if status in GOOD else str(result.get("message") or status),
        )

    def of_log(self, logged: LoggedInvocation, *, now: datetime, may_run: bool) -> list[Event]:
        """Return the events of an invocation in the log; one without an end failed, unless it may still be running.

        A log without new lines for PATIENCE is of a dbt that hangs or is gone, even when a process has it open.
        """
        if logged.command not in COMMANDS:
            return []
        nodes = [n for n in logged.nodes if self.is_tracked(n.node_id) and (n.status or n.ended_at is None)]
        nodes = [n for n in nodes if n.status != "skipped"]
        start = self.start_of(logged.invocation_id, logged.started_at, logged.command)
        events = self.registrations([n.node_id for n in nodes], start.start_date)
        last = logged.last_seen_at or logged.started_at
        is_running = logged.ended_at is None and may_run and now - last < PATIENCE
        statuses = [n.status or "killed" for n in nodes]
        if is_running:
            events += [start, Heartbeat(start.execution_id, last)]
        elif logged.ended_at is None:
            events.append(self._end(start, last, False, statuses, error=KILLED))
        else:
            events.append(self._end(start, logged.ended_at, bool(logged.succeeded), statuses))
        for node in nodes:
            events += self._of_logged_node(logged.invocation_id, node, last, is_running)
        return events

    def _of_logged_node(self, invocation: str, node: LoggedNode, last: datetime, is_running: bool) -> Iterator[Event]:
        start = self.node_start(invocation, node.node_id, node.started_at)
        if node.ended_at is None and is_running:
            yield start
            return
        is_good = node.status in GOOD
        end = (node.ended_at or last) + self._shift
        rows = node.rows if node.node_id.startswith(("model.", "seed.", "snapshot.")) else None
        yield End(
            start.execution_id,
            max(end, start.start_date + TICK),
            is_good,
            inserts=rows,
            total_rows=rows,
            start=start,
            status=node.status or "killed",
            error="" if is_good else node.message or (node.status or KILLED),
            closed_by="self" if node.status else "reaper",
        )

    def start_of(self, invocation: str, at: datetime, command: str) -> Start:
        """Return the start of an invocation."""
        return Start(
            invocation_key(invocation),
            self.project,
            at + self._shift,
            kind="dbt invocation",
            host=self._host,
            execution_metadata={"invocation_id": invocation, "command": f"dbt {command}"},
        )

    def node_start(self, invocation: str, node_id: str, at: datetime, checksum: str = "") -> Start:
        """Return the start of a node."""
        return Start(
            node_key(invocation, node_id),
            node_id,
            at + self._shift,
            parent_id=invocation_key(invocation),
            kind="dbt node",
            node_id=node_id,
            code_checksum=checksum,
            host=self._host,
        )

    def _end(self, start: Start, at: datetime, is_good: bool, statuses: Iterable[str], *, error: str = "") -> End:
        """Return the end of an invocation with its nodes counted by status."""
        counts: dict[str, int] = {}
        for status in statuses:
            counts[status] = counts.get(status, 0) + 1
        bad = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()) if status not in GOOD)
        return End(
            start.execution_id,
            max(at + self._shift, start.start_date + TICK),
            is_good,
            start=start,
            execution_metadata={"nodes": counts},
            error="" if is_good else error or bad or "dbt failed before any node ran",
            closed_by="reaper" if error == KILLED else "self",
            status="killed" if error == KILLED else "",
        )

    def is_tracked(self, node_id: str) -> bool:
        """Return whether a node is a pipeline: not one of Lookout's own models, and no operation."""
        fqn = self._nodes.get(node_id, {}).get("fqn") or []
        return not (list(fqn[:2]) == ["lookout", "monitoring"] or node_id.startswith(("sql_operation.", "operation.")))

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


def _is_good(statuses: Iterable[str]) -> bool:
    return all(status in GOOD or status == "skipped" for status in statuses)


def _command(results: Mapping[str, Any]) -> str:
    """Return dbt's command; a sources.json without it comes from `dbt source freshness`."""
    command = (results.get("args") or {}).get("which")
    if command:
        return str(command)
    schema_version = str((results.get("metadata") or {}).get("dbt_schema_version"))
    return "freshness" if "sources" in schema_version else ""


def _times(result: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """Return when a node began and ended; None for one that did not run."""
    timing = result.get("timing") or []
    begun = [_moment(t["started_at"]) for t in timing if t.get("started_at")]
    ended = [_moment(t["completed_at"]) for t in timing if t.get("completed_at")]
    if not begun or str(result.get("status")) == "skipped":
        return None
    start = min(begun)
    return start, max([start + TICK, *ended])


def _rows(result: Mapping[str, Any], node_id: str) -> int | None:
    """Return the rows that a model, seed or snapshot wrote; None for views and where dbt gives no number."""
    if not node_id.startswith(("model.", "seed.", "snapshot.")):
        return None
    response = result.get("adapter_response") or {}
    if not ROWS.match(str(response.get("_message") or result.get("message") or "")):
        return None
    rows = response.get("rows_affected")
    return int(rows) if isinstance(rows, int) and rows >= 0 else None


def _moment(text: Any) -> datetime:
    """Return a time of an artifact; 1970-01-01 when it is none."""
    try:
        return moment_of(str(text))
    except ValueError:
        return datetime.fromtimestamp(0, timezone.utc)
