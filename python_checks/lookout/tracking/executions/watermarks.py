"""Moves of a pipeline's watermark when executions end. Pure: the order in which events arrive does not matter.

Nothing is ever skipped: a watermark moves only to a value that a successful execution reported itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True)
class ClosedExecution:
    """An execution that has just been closed, as stored."""

    pipeline_id: str
    execution_id: str
    start_date: datetime
    end_date: datetime
    is_successful: bool
    inserts: int | None
    updates: int | None
    soft_deletes: int | None
    watermark: str | None
    next_watermark: str | None
    monotonic: bool = False


@dataclass(frozen=True)
class WatermarkState:
    """A watermark, when it moved and whether a person moved it; ``moved_at`` is None before its first step."""

    watermark: str | None
    moved_at: datetime | None = None
    by_person: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a watermark."""

    pipeline_id: str
    execution_id: str
    previous_watermark: str | None
    watermark: str | None
    advanced_at: datetime


def advance(state: WatermarkState, closed: Sequence[ClosedExecution]) -> list[Step]:
    """Return the steps of one pipeline's watermark, given its executions that have just been closed."""
    steps = []
    for execution in sorted(closed, key=lambda c: (c.end_date, c.start_date, c.execution_id)):
        reached = execution.next_watermark
        if reached is None or not _moves(state, execution, reached):
            continue
        previous, moved_at = state.watermark, state.moved_at
        at = execution.end_date if moved_at is None else max(execution.end_date, moved_at)
        steps.append(Step(execution.pipeline_id, execution.execution_id, previous, reached, at))
        state = WatermarkState(reached, at)
    return steps


def _moves(state: WatermarkState, execution: ClosedExecution, reached: str) -> bool:
    """Return whether an execution moves the watermark to the value it reached."""
    if not execution.is_successful or reached == state.watermark:
        return False
    current = state.watermark
    if execution.monotonic and current is not None and not is_later(reached, current):
        return False
    if execution.watermark == current:
        return True
    if state.by_person:
        # Somebody set the watermark, perhaps back. An execution that began elsewhere did not load from there.
        return False
    if execution.monotonic or state.moved_at is None:
        return True
    # A late event of an older execution, out of a spool file, does not undo what a later one reached.
    return execution.end_date >= state.moved_at


def is_later(one: str, other: str) -> bool:
    """Return whether a watermark is beyond another: as numbers, as ISO times (no zone is UTC), else as text."""
    for read in (_number, _time):
        left, right = read(one), read(other)
        if left is not None and right is not None:
            return bool(left > right)  # type: ignore[operator]
    return one > other


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _time(text: str) -> datetime | None:
    try:
        # Python 3.10 does not know the letter for UTC.
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
