"""A running execution as the pipeline's code sees it: its watermark, counts, metadata and outcome."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from lookout.errors import LookoutError
from lookout.tracking.executions.events import COUNTS, LONGEST_COUNT, End, Heartbeat, Lineage, Start
from lookout.tracking.model import Address, addresses, jsonable, watermark_text

logger = logging.getLogger(__name__)

CURRENT: ContextVar[Execution | None] = ContextVar("lookout_execution", default=None)
HEARTBEAT_EVERY = 10.0


class Recorder(Protocol):
    """Recorder of what an execution reports while it runs."""

    def emit_lineage(self, event: Lineage) -> None:
        """Record the sources and targets of a pipeline."""
        ...

    def beat(self, event: Heartbeat) -> None:
        """Record a sign of life."""
        ...


@dataclass(frozen=True)
class Result:
    """Result that a tracked function may return: counts, outcome and watermark. Counts left out are not reported."""

    inserts: int | None = None
    updates: int | None = None
    soft_deletes: int | None = None
    total_rows: int | None = None
    completed_successfully: bool = True
    next_watermark: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


class _Count:
    """A number of rows: reads as 0 until it is set, and is stored only when it was set."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, run: Execution, owner: type | None = None) -> int:
        value: int = run.counts.get(self.name) or 0
        return value

    def __set__(self, run: Execution, value: Any) -> None:
        run.counts[self.name] = value


class Execution:
    """A running execution. Set counts, ``metadata`` and ``next_watermark`` on it; all of it is stored when it ends.

    ``active`` is False when somebody switched the pipeline off: then nothing is recorded. ``watermark`` is where the
    last successful execution ended, else the default.
    """

    inserts, updates, soft_deletes, total_rows = _Count(), _Count(), _Count(), _Count()

    def __init__(
        self,
        tracker: Recorder,
        start: Start,
        pipeline_id: str,
        *,
        active: bool,
        monotonic: bool = False,
        metadata: Mapping[str, Any] | None = None,
        orchestration: Mapping[str, Any] | None = None,
    ) -> None:
        self.tracker, self.start, self.pipeline_id = tracker, start, pipeline_id
        self.active, self.monotonic = active, monotonic
        self.counts: dict[str, Any] = {}
        self.metadata: dict[str, Any] = dict(metadata or {})
        self.next_watermark: Any = start.next_watermark
        self.outer: Execution | None = None
        self._orchestration = dict(orchestration or {})
        self._failure: str | None = None
        self._is_closed = False
        self._lock = threading.Lock()
        self._clock = time.perf_counter()
        self._beat = time.monotonic()

    @property
    def execution_id(self) -> str:
        """Return the identity of this execution, for ``parent=`` and for `lookout track end`."""
        return self.start.execution_id

    @property
    def parent_id(self) -> str | None:
        """Return the identity of the execution that this one is part of."""
        return self.start.parent_id

    @property
    def pipeline(self) -> str:
        """Return the name of the pipeline."""
        return self.start.pipeline

    @property
    def watermark(self) -> str | None:
        """Return the watermark at which the last successful execution ended, else the default."""
        return self.start.watermark

    def add(self, *, inserts: int = 0, updates: int = 0, soft_deletes: int = 0, total_rows: int = 0) -> None:
        """Add to the counts; safe to call from several threads."""
        with self._lock:
            for name, more in zip(COUNTS, (inserts, updates, soft_deletes, total_rows), strict=True):
                if more:
                    self.counts[name] = (self.counts.get(name) or 0) + more

    def fail(self, reason: str) -> None:
        """Mark the execution as failed without raising an exception."""
        self._failure = reason or "failed"

    def lineage(self, *, sources: Sequence[Address | str], targets: Sequence[Address | str]) -> None:
        """Declare the sources and targets of the data. Names are enough: 'schema.table', 's3://bucket/key'."""
        read_from, written_to = addresses(sources), addresses(targets)
        if self.active:
            self.tracker.emit_lineage(Lineage(self.pipeline, read_from, written_to, _now()))

    def heartbeat(self) -> None:
        """Send a sign of life, at most one in HEARTBEAT_EVERY seconds."""
        if self.active and time.monotonic() - self._beat >= HEARTBEAT_EVERY:
            self._beat = time.monotonic()
            self.tracker.beat(Heartbeat(self.execution_id, _now()))

    def take(self, result: Result) -> None:
        """Take over the result of a tracked function."""
        for name in COUNTS:
            if getattr(result, name) is not None:
                self.counts[name] = getattr(result, name)
        self.metadata.update(result.metadata)
        if result.next_watermark is not None:
            self.next_watermark = result.next_watermark
        if not result.completed_successfully:
            self.fail(result.reason)

    def end(self, error: BaseException | None) -> End | None:
        """Return the event that closes this execution; None when it is closed already or records nothing."""
        with self._lock:
            if self._is_closed or not self.active:
                return None
            self._is_closed = True
        # The system clock may jump; an execution still ends after it started.
        elapsed = max(timedelta(seconds=time.perf_counter() - self._clock), timedelta(microseconds=1))
        reason = _failure_text(error) if error is not None else self._failure or ""
        return End(
            self.execution_id,
            self.start.start_date + elapsed,
            not reason,
            inserts=self._count("inserts"),
            updates=self._count("updates"),
            soft_deletes=self._count("soft_deletes"),
            total_rows=self._count("total_rows"),
            next_watermark=watermark_text(self.next_watermark),
            execution_metadata=jsonable({**self._orchestration, **self.metadata}),
            error=reason,
            monotonic=self.monotonic,
            start=self.start,
        )

    def end_without_details(self, error: BaseException | None) -> End:
        """Return the event that closes this execution when its counts, metadata or watermark cannot be written."""
        self.counts, self.metadata, self.next_watermark, self._is_closed = {}, {}, None, False
        event = self.end(RuntimeError(type(error).__name__) if error is not None else None)
        assert event is not None
        return event

    def _count(self, name: str) -> int | None:
        """Return a count as reported; None, with a warning, for no number of rows, such as the -1 of some drivers."""
        value = self.counts.get(name)
        if value is None:
            return None
        try:
            number = int(value)
            if number == value and 0 <= number <= LONGEST_COUNT and not isinstance(value, bool):
                return number
        except (TypeError, ValueError, OverflowError):
            pass
        logger.warning("Pipeline '%s': %s = %r is no number of rows and is not recorded.", self.pipeline, name, value)
        return None


def parent_of(parent: Execution | str | None) -> str | None:
    """Return the identity of a new execution's parent: ``parent``, else the innermost execution that is recorded."""
    if isinstance(parent, str):
        return parent
    candidate = parent or CURRENT.get()
    while candidate is not None and not candidate.active:
        candidate = candidate.outer
    return candidate.execution_id if candidate is not None else None


def _failure_text(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted (Ctrl-C or SIGINT)"
    if isinstance(error, SystemExit):
        return f"the program left with exit code {error.code!r} before the end"
    text = str(error) if isinstance(error, LookoutError) else f"{type(error).__name__}: {error}"
    return text.removesuffix(": ") or type(error).__name__


def _now() -> datetime:
    return datetime.now(timezone.utc)
