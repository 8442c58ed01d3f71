"""Where a program's executions are recorded: at once, or in batches."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import threading
import time
import uuid
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from types import TracebackType
from typing import TYPE_CHECKING, Any

from python_checks.connections import Connection
from python_checks.errors import ConfigError
from python_checks.track.ledger_batch import Rejected
from python_checks.track.ledger_events import End, Event, Heartbeat, Lineage, Register, Start
from python_checks.track.model import Pipeline, Registered, watermark_text
from python_checks.track.sdk_context import PARENT, connection_of, orchestration, this_process
from python_checks.track.sdk_delivery import PATIENCE, Delivery
from python_checks.track.sdk_execution import Execution, parent_of

if TYPE_CHECKING:
    from python_checks.track.sdk import Tracking

logger = logging.getLogger(__name__)

# Batched trackers ask about a pipeline again after so many seconds.
KNOWN_FOR = 60.0


class Tracker(AbstractContextManager["Tracker"]):
    """Where executions are recorded. Programs need one of their own only for many small executions.

    With ``batch_size`` above 1 events are written in batches, at the latest ``flush_every`` seconds after the first of
    them when another one comes, and when the tracker closes. A killed process loses the batch it had not written.
    ``connection`` may be a URL; without one the database is looked up. ``patience`` is how many seconds a pipeline
    ever waits for it.
    """

    def __init__(
        self, connection: Connection | str | None = None, *, schema: str | None = None, batch_size: int = 1,
        flush_every: float = 5.0, patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        if batch_size < 1:
            raise ConfigError(f"batch_size is {batch_size}; it must be 1 or more.")
        given = connection_of(connection, "The URL of the tracker") if isinstance(connection, str) else connection
        self.delivery = Delivery(given, schema, patience=patience)
        self.batch_size, self.flush_every = batch_size, flush_every
        self._lock = threading.RLock()
        self._waiting: dict[tuple[str, str], Event] = {}
        self._since = 0.0
        self._known: dict[str, tuple[float, Registered]] = {}
        self._declared: dict[str, int] = {}

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def track(self, pipeline: Pipeline | str, **settings: Any) -> Tracking:
        """Like the function ``track``, recorded by this tracker."""
        from python_checks.track.sdk import Tracking

        return Tracking(self, pipeline, **settings)

    def register(self, pipeline: Pipeline, next_watermark: Any = None) -> Registered:
        """Get or make a pipeline. When the database is away, what was known of it last."""
        known_at, known = self._known.get(pipeline.input_hash, (0.0, None))
        if self.batch_size > 1 and next_watermark is None and known and time.monotonic() - known_at < KNOWN_FOR:
            return known
        found = self.delivery.register(Register(pipeline, _now(), watermark_text(next_watermark)))
        if found is None:
            key = pipeline.pipeline_id
            return self.delivery.remembered(key) or Registered(key, pipeline.active is not False, False, None)
        self._known[pipeline.input_hash] = (time.monotonic(), found)
        return found

    def emit(self, event: Event) -> list[Rejected]:
        """Record an event, at once or with the next batch. Returns what the ledger refuses of what it wrote."""
        if self.batch_size == 1:
            return self.delivery.send([event])
        with self._lock:
            if not self._waiting:
                self._since = time.monotonic()
            key = getattr(event, "execution_id", str(len(self._waiting)))
            if isinstance(event, End) and event.start is not None:
                self._waiting.pop(("Start", key), None)
            self._waiting[type(event).__name__, key] = event
            is_due = len(self._waiting) >= self.batch_size or time.monotonic() - self._since >= self.flush_every
        return self.flush() if is_due else []

    def emit_lineage(self, event: Lineage) -> None:
        """Record lineage, once in the life of this tracker as long as it stays the same."""
        said = hash(tuple(a.input_hash for a in (*event.sources, *event.targets)))
        if self._declared.get(event.pipeline) != said:
            self.emit(event)
            self._declared[event.pipeline] = said

    def beat(self, event: Heartbeat) -> None:
        """Send a sign of life; one that cannot be sent now is of no use later."""
        try:
            self.delivery.call(lambda ledger: ledger.record([event]))
        except Exception as error:  # noqa: BLE001 - a sign of life must not end somebody's pipeline
            logger.debug("no heartbeat: %s", error)

    def flush(self) -> list[Rejected]:
        """Write what waits in the batch."""
        with self._lock:
            events, self._waiting = list(self._waiting.values()), {}
        return self.delivery.send(events)

    def close(self) -> None:
        """Write what waits and close the connection."""
        self.flush()
        self.delivery.close()

    def begin(self, tracking: Tracking, context: Any = None, *, kind: str = "sdk") -> Execution:
        """Start an execution. Never raises because of the database."""
        pipeline, reached = tracking.pipeline, watermark_text(tracking.next_watermark)
        registered = self.register(pipeline, reached)
        start = Start(
            uuid.uuid4().hex, pipeline.name, _now(), parent_of(tracking.parent) or os.environ.get(PARENT) or None,
            registered.watermark or watermark_text(tracking.default_watermark), reached, kind=kind, host=this_process(),
        )  # fmt: skip
        run = Execution(
            self, start, pipeline.pipeline_id, active=registered.active, monotonic=tracking.monotonic,
            metadata=tracking.metadata, orchestration=orchestration(context),
        )  # fmt: skip
        if not registered.active:
            logger.warning("Pipeline '%s' is switched off: this execution is not recorded.", pipeline.name)
        else:
            self.emit(start)
            if registered.load_lineage and (pipeline.sources or pipeline.targets):
                run.lineage(sources=pipeline.sources, targets=pipeline.targets)
        return run

    def finish(self, run: Execution, error: BaseException | None) -> None:
        """Close an execution. Never raises, whatever it was given."""
        try:
            event = run.end(error)
        except Exception as problem:  # noqa: BLE001 - a value that cannot be written must not end somebody's pipeline
            logger.warning("Pipeline '%s': what it said of itself is not recorded (%r).", run.pipeline, problem)
            event = run.end_without_words(error)
        if event is not None:
            self.emit(event)
            if event.completed_successfully and event.next_watermark:
                # Where the next execution begins if the database cannot be asked then.
                self.delivery.remember_watermark(run.pipeline_id, event.next_watermark, monotonic=run.monotonic)


@functools.lru_cache(maxsize=1)
def default_tracker() -> Tracker:
    """The tracker of this process."""
    tracker = Tracker()
    atexit.register(tracker.close)
    return tracker


def _now() -> datetime:
    return datetime.now(timezone.utc)
