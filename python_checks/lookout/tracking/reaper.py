"""Reaper of executions that never reported an end.

It closes them as failed, with the reason, once their process is surely gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lookout.tracking.executions.events import End
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.sdk.context import process_begun, this_machine

HEARTBEAT_LIMIT = timedelta(minutes=15)
_CLOSED_BY_REAPER = """
select execution_id from {schema}.pipeline_executions where execution_id = any(%s) and closed_by = 'reaper'
"""
_RUNNING = """
select executions.execution_id, pipelines.name, executions.start_date, executions.host, executions.heartbeat_at
from {schema}.pipeline_executions as executions
join {schema}.pipelines on executions.pipeline_id = pipelines.pipeline_id
where executions.end_date is null and executions.start_date < %(as_of)s
order by executions.start_date
"""


@dataclass(frozen=True)
class Reaped:
    """An execution that the reaper closed."""

    execution_id: str
    pipeline: str
    reason: str


def reap(
    execution_store: ExecutionStore,
    as_of: datetime,
    host: str | None = None,
    *,
    heartbeat_limit: timedelta = HEARTBEAT_LIMIT,
) -> list[Reaped]:
    """Close executions whose process on this machine is gone, or whose last heartbeat is older than the limit.

    ``host`` is this machine, as ``this_machine()`` returns it. An execution of another machine without heartbeats is
    left alone: nobody here can know. An execution that reports its end later replaces the one recorded here.
    """
    machine, ends, reaped = host or this_machine(), [], []
    for key, pipeline, start, process, beat in execution_store.query(_RUNNING, {"as_of": as_of}):
        reason = _process_gone(process or "", machine)
        if reason is None and beat is not None and as_of - beat > heartbeat_limit:
            reason = f"the last heartbeat came at {beat.isoformat(timespec='seconds')}, and none since"
        if reason is None:
            continue
        # It ended somewhere between its last heartbeat and now; all that is known is that it lived until then.
        end = max(beat or as_of, start + timedelta(microseconds=1))
        reason = f"ended without a word: {reason}"
        ends.append(End(key, end, False, error=reason, status="killed", closed_by="reaper"))
        reaped.append(Reaped(key, pipeline, reason))
    return _record_ends(execution_store, ends, reaped)


def _record_ends(execution_store: ExecutionStore, ends: Sequence[End], reaped: Sequence[Reaped]) -> list[Reaped]:
    if ends and execution_store.record(ends).ended < len(ends):
        # Another reaper, or the execution itself, came first.
        kept = {key for (key,) in execution_store.query(_CLOSED_BY_REAPER, ([end.execution_id for end in ends],))}
        return [item for item in reaped if item.execution_id in kept]
    return list(reaped)


def _process_gone(process: str, machine: str) -> str | None:
    """Return why a process is surely gone; None when it lives or nobody here can know."""
    location, _, rest = process.partition(":")
    pid, _, begun = rest.partition(":")
    if not pid.isdigit() or not begun:
        return None
    recorded, current = location.split("/"), machine.split("/")
    if len(recorded) != 4 or len(current) != 4 or recorded[:2] != current[:2]:
        return None
    host, machine_id, boot_id, namespace = recorded
    if boot_id != current[2]:
        # The same name on another kernel may be another machine, unless both have the same number.
        return f"machine {host} has been restarted since" if machine_id and boot_id else None
    if namespace != current[3] or process_begun(int(pid)) == begun:
        return None
    return f"process {pid} on {host} is gone (killed, or it crashed)"
