"""Batches of events for the execution store: sorted in Python, written by a few statements each."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from lookout.tracking.executions import statements
from lookout.tracking.executions.events import End, Event, Heartbeat, Lineage, Register, Start, too_early
from lookout.tracking.executions.pipelines import changed_registrations, write_registrations
from lookout.tracking.executions.watermarks import ClosedExecution, Step, WatermarkState, advance
from lookout.tracking.model import Pipeline, hashed_id

# Above so many rows a temporary table and COPY are faster.
FEW = 64
UNKNOWN = "execution {} was never started here: start it first, and end it with the id that the start gave."
_START = ("start_date", "parent_id", "watermark", "next_watermark", "kind", "node_id", "host", "code_checksum")
_END = (
    "end_date", "completed_successfully", "inserts", "updates", "soft_deletes", "total_rows", "error", "status",
    "closed_by",
)  # fmt: skip


@dataclass(frozen=True)
class Rejected:
    """An event that the execution store cannot take, with the reason."""

    event: Event
    reason: str


@dataclass(frozen=True)
class Recorded:
    """The effect of a batch of events. Events known already, and those of inactive pipelines, count nowhere."""

    started: int = 0
    ended: int = 0
    rejected: tuple[Rejected, ...] = ()


@dataclass
class Batch:
    """Events by kind; of several starts or ends of one execution the first counts."""

    registrations: list[Register] = field(default_factory=list)
    starts: dict[str, Start] = field(default_factory=dict)
    ends: dict[str, End] = field(default_factory=dict)
    heartbeats: dict[str, Heartbeat] = field(default_factory=dict)
    lineages: list[Lineage] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Batch:
        """Sort events by kind. An end that comes with its start counts as both."""
        batch = cls()
        for event in events:
            if isinstance(event, Start):
                batch.starts.setdefault(event.execution_id, event)
            elif isinstance(event, End):
                batch._add_end(event)
            elif isinstance(event, Register):
                batch.registrations.append(event)
            elif isinstance(event, Heartbeat):
                known = batch.heartbeats.get(event.execution_id)
                batch.heartbeats[event.execution_id] = event if known is None or event.at > known.at else known
            else:
                batch.lineages.append(event)
        batch._refuse_early_ends()
        batch._register_missing_pipelines()
        return batch

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to write."""
        return not (self.registrations or self.starts or self.ends or self.heartbeats or self.lineages)

    def _add_end(self, event: End) -> None:
        """Add an end; one that an execution reports itself takes precedence over one from the reaper."""
        if event.start is not None:
            self.starts.setdefault(event.execution_id, event.start)
        known = self.ends.get(event.execution_id)
        if known is None or (known.closed_by == "reaper" and event.closed_by != "reaper"):
            self.ends[event.execution_id] = event

    def _refuse_early_ends(self) -> None:
        for key in self.starts.keys() & self.ends.keys():
            start, end = self.starts[key].start_date, self.ends[key].end_date
            if end <= start:
                self.rejected.append(Rejected(self.ends.pop(key), too_early(key, end, start)))

    def _register_missing_pipelines(self) -> None:
        """Register the pipelines that events name and nobody registered."""
        named = {event.pipeline.name for event in self.registrations}
        first_seen: dict[str, tuple[datetime, str]] = {}
        for start in self.starts.values():
            if start.pipeline not in named and start.pipeline not in first_seen:
                first_seen[start.pipeline] = (start.start_date, start.kind)
        for lineage in self.lineages:
            if lineage.pipeline not in named:
                first_seen.setdefault(lineage.pipeline, (lineage.at, "sdk"))
        for name, (moment, kind) in first_seen.items():
            self.registrations.append(Register(Pipeline(name, origin=kind.split(" ")[0]), moment))

    def rows(self) -> list[list[Any]]:
        """Return one row per execution, with the columns of ``statements.COLUMNS``; metadata as mappings."""
        ids: dict[str, str] = {}
        return [_row(key, self.starts.get(key), self.ends.get(key), ids) for key in self.starts | self.ends]


def write_batch(cursor: Any, schema: str, batch: Batch, *, with_rules: bool) -> Recorded:
    """Write everything but lineage, in the transaction of the cursor."""
    registrations = changed_registrations(cursor, schema, batch.registrations)
    if registrations:
        write_registrations(cursor, schema, registrations, with_rules=with_rules)
    fresh: set[str] = set()
    closed: list[ClosedExecution] = []
    rejected = list(batch.rejected)
    if batch.starts or batch.ends:
        fresh, closed = _write_executions(cursor, schema, batch)
        rejected += _rejected_ends(cursor, schema, batch, fresh, {c.execution_id for c in closed})
        _move_pipelines(cursor, schema, [c for c in closed if c.is_successful])
    if batch.heartbeats:
        rows = [{"execution_id": h.execution_id, "at": h.at.isoformat()} for h in batch.heartbeats.values()]
        cursor.execute(statements.HEARTBEAT.format(schema=schema), {"rows": json.dumps(rows)})
    return Recorded(len(fresh), len(closed), tuple(rejected))


def newest_steps(cursor: Any, schema: str, ids: Sequence[str]) -> dict[str, tuple[datetime, bool]]:
    """Return when each pipeline's watermark moved last, and whether a person moved it."""
    cursor.execute(statements.NEWEST_STEPS.format(schema=schema), {"ids": list(ids)})
    return {key: (moved_at, by_person) for key, moved_at, by_person in cursor.fetchall()}


def write_steps(cursor: Any, schema: str, steps: Sequence[Step], set_by: str) -> None:
    """Append steps to the history of watermarks."""
    rows = [{**_fields(step), "advanced_at": step.advanced_at.isoformat()} for step in steps]
    values = {"rows": json.dumps(rows), "set_by": set_by}
    cursor.execute(statements.INSERT_STEPS.format(schema=schema), values)


def _write_executions(cursor: Any, schema: str, batch: Batch) -> tuple[set[str], list[ClosedExecution]]:
    rows = batch.rows()
    parameters: dict[str, Any] = {}
    if len(rows) > FEW:
        incoming = statements.TEMPORARY
        cursor.execute(statements.CREATE_TEMPORARY)
        cursor.copy_expert(f"copy {incoming} from stdin with (format csv)", _csv(rows))
    else:
        incoming = statements.FROM_JSON
        parameters["rows"] = json.dumps([dict(zip(statements.COLUMNS, row, strict=True)) for row in rows])
    names = {"schema": schema, "incoming": incoming}
    nested = any(start.parent_id for start in batch.starts.values())
    fresh: list[str] = []
    if batch.starts:
        lock = _lock(cursor, schema, batch)
        cursor.execute(f"{lock}; {statements.INSERT.format(**names)}", {**parameters, "schema": schema})
        fresh = [key for (key,) in cursor.fetchall()]
    if fresh:
        _write_closure(cursor, schema, fresh, nested)
    closed = [_closed_at_once(batch.starts[key], batch.ends[key]) for key in fresh if key in batch.ends]
    if len(closed) < len(batch.ends):
        cursor.execute(statements.UPDATE.format(**names), parameters)
        for row in cursor.fetchall():
            execution_id = row[1]
            values = (*row, batch.ends[execution_id].monotonic)
            closed.append(ClosedExecution(*values))
    return set(fresh), closed


def _lock(cursor: Any, schema: str, batch: Batch) -> str:
    """Return the statement that keeps two transactions from writing a parent and its child without seeing each other.

    A batch whose every ancestor is known shares the lock; one with an unknown ancestor, which may be on its way in
    another transaction, waits for all others and has it alone.
    """
    parents = {start.parent_id for start in batch.starts.values() if start.parent_id}
    outside = parents - batch.starts.keys()
    if outside:
        values = {"outside": list(outside), "inside": list(batch.starts)}
        cursor.execute(statements.HAS_ORPHANS.format(schema=schema), values)
        if cursor.fetchone() == (True,):
            return statements.WHOLE_LOCK
    return statements.SHARED_LOCK


def _write_closure(cursor: Any, schema: str, fresh: Sequence[str], nested: bool) -> None:
    values = {"fresh": list(fresh)}
    if not nested:
        cursor.execute(f"{statements.SELF_CLOSURE}; {statements.HAS_CHILDREN}".format(schema=schema), values)
        nested = cursor.fetchone() == (True,)
    if nested:
        cursor.execute(statements.CLOSURE.format(schema=schema), values)


def _rejected_ends(cursor: Any, schema: str, batch: Batch, fresh: set[str], closed: set[str]) -> list[Rejected]:
    """Return the ends that closed nothing, with the reason: too early, or of an execution nobody started.

    A second end is no fault.
    """
    left = [key for key in batch.ends if key not in closed]
    if not left:
        return []
    cursor.execute(statements.LEFT_OPEN.format(schema=schema), {"left": left})
    stored = {key: (start, is_closed) for key, start, is_closed in cursor.fetchall()}
    rejected = []
    for key in left:
        end = batch.ends[key]
        if key in stored and not stored[key][1]:
            rejected.append(Rejected(end, too_early(key, end.end_date, stored[key][0])))
        elif key not in stored and key not in batch.starts:
            rejected.append(Rejected(end, UNKNOWN.format(key)))
    return rejected


def _move_pipelines(cursor: Any, schema: str, closed: Sequence[ClosedExecution]) -> None:
    """Update the pipelines whose executions succeeded.

    Written are watermarks, the times of the last changes and the lineage switch.
    """
    by_pipeline: dict[str, list[ClosedExecution]] = defaultdict(list)
    for execution in closed:
        by_pipeline[execution.pipeline_id].append(execution)
    if not by_pipeline:
        return
    cursor.execute(statements.LOCK_PIPELINES.format(schema=schema), {"ids": list(by_pipeline)})
    stored = dict(cursor.fetchall())
    # Only where an execution began elsewhere than at the stored watermark does it matter who moved that, and when.
    diverged = [key for key, executions in by_pipeline.items() if _has_diverged(executions, stored.get(key))]
    newest = newest_steps(cursor, schema, diverged) if diverged else {}
    rows, steps = [], []
    for key, executions in by_pipeline.items():
        moved_at, by_person = newest.get(key, (None, False))
        moved = advance(WatermarkState(stored.get(key), moved_at, by_person), executions)
        steps += moved
        rows.append(
            {
                "pipeline_id": key,
                "has_moved": bool(moved),
                "watermark": moved[-1].watermark if moved else None,
                "inserted_at": _newest(executions, "inserts"),
                "updated_at": _newest(executions, "updates"),
                "deleted_at": _newest(executions, "soft_deletes"),
            }
        )
    if steps:
        write_steps(cursor, schema, steps, "execution")
    cursor.execute(statements.ADVANCE.format(schema=schema), {"rows": json.dumps(rows)})


def _has_diverged(closed: Sequence[ClosedExecution], stored: str | None) -> bool:
    return any(c.next_watermark is not None and c.watermark != stored for c in closed)


def _newest(closed: Sequence[ClosedExecution], count: str) -> str | None:
    ends = [c.end_date for c in closed if (getattr(c, count) or 0) > 0]
    return max(ends).isoformat() if ends else None


def _closed_at_once(start: Start, end: End) -> ClosedExecution:
    return ClosedExecution(
        hashed_id(start.pipeline),
        start.execution_id,
        start.start_date,
        end.end_date,
        end.completed_successfully,
        end.inserts,
        end.updates,
        end.soft_deletes,
        start.watermark,
        end.next_watermark or start.next_watermark,
        end.monotonic,
    )


def _row(key: str, start: Start | None, end: End | None, ids: dict[str, str]) -> list[Any]:
    row: dict[str, Any] = dict.fromkeys(statements.COLUMNS)
    row["execution_id"] = key
    if start is not None:
        if start.pipeline not in ids:
            ids[start.pipeline] = hashed_id(start.pipeline)
        row.update((name, getattr(start, name)) for name in _START)
        row["pipeline_id"] = ids[start.pipeline]
        row["start_date"] = start.start_date.isoformat()
        row["start_metadata"] = start.execution_metadata or None
    if end is not None:
        row.update((name, getattr(end, name)) for name in _END)
        row["end_date"] = end.end_date.isoformat()
        row["end_next_watermark"] = end.next_watermark
        row["end_metadata"] = end.execution_metadata or None
    return list(row.values())


def _csv(rows: Iterable[Sequence[Any]]) -> io.StringIO:
    """Return the rows for COPY. An empty text arrives as null, which the statements turn back."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([json.dumps(value) if isinstance(value, dict) else value for value in row])
    buffer.seek(0)
    return buffer


def _fields(value: Any) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in fields(value)}
