"""Reaper of executions that never reported an end.

It closes them as failed, with the reason, once their process is surely gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lookout.database.runners.process import this_machine, why_gone
from lookout.tracking.executions.events import End
from lookout.tracking.executions.store import ExecutionStore

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
        reason = why_gone(process or "", machine)
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
