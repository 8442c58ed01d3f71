"""Trackers record the executions of a program: at once, or in batches."""

from __future__ import annotations

import asyncio
import atexit
import functools
import inspect
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import datetime, timezone
from types import TracebackType
from typing import Any, Literal, TypeVar, cast

from lookout.database.connection import Connection
from lookout.database.runners.process import this_process
from lookout.errors import ConfigError
from lookout.masking import mask_secrets
from lookout.tracking.executions.batch import Rejected
from lookout.tracking.executions.events import End, Event, Heartbeat, Lineage, Register, Start
from lookout.tracking.model import Pipeline, Registered, watermark_text
from lookout.tracking.sdk.context import PARENT, connection_of, orchestration
from lookout.tracking.sdk.delivery import PATIENCE, Delivery
from lookout.tracking.sdk.execution import CURRENT, Execution, Result, parent_of

logger = logging.getLogger(__name__)

# Seconds for which a batched tracker trusts the state of a pipeline it has registered.
KNOWN_FOR = 60.0


class Tracker(AbstractContextManager["Tracker"]):
    """Recorder of executions. Programs need one of their own only for many small executions.

    With ``batch_size`` above 1 events are written in batches, at the latest ``flush_every`` seconds after the first of
    them when another one comes, and when the tracker closes. A killed process loses the batch it had not written.
    ``connection`` may be a URL; without one the database is looked up. ``patience`` is how many seconds a pipeline
    ever waits for it.
    """

    def __init__(
        self,
        connection: Connection | str | None = None,
        *,
        schema: str | None = None,
        batch_size: int = 1,
        flush_every: float = 5.0,
        patience: float = PATIENCE,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"batch_size is {batch_size}; it must be 1 or more.")
        if isinstance(connection, str):
            connection = connection_of(connection, "The URL of the tracker")
        self.delivery = Delivery(connection, schema, patience=patience)
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
        """Track a pipeline like the function ``track``, recorded by this tracker."""
        return Tracking(self, pipeline, **settings)

    def register(self, pipeline: Pipeline, next_watermark: Any = None) -> Registered:
        """Get or make a pipeline. When the database is away, return its last known state."""
        known_at, known = self._known.get(pipeline.input_hash, (0.0, None))
        if self.batch_size > 1 and next_watermark is None and known and time.monotonic() - known_at < KNOWN_FOR:
            return known
        registered = self.delivery.register(Register(pipeline, _now(), watermark_text(next_watermark)))
        if registered is None:
            key = pipeline.pipeline_id
            return self.delivery.remembered(key) or Registered(key, pipeline.active is not False, False, None)
        self._known[pipeline.input_hash] = (time.monotonic(), registered)
        return registered

    def emit(self, event: Event) -> list[Rejected]:
        """Record an event, at once or with the next batch. Return the events that the store rejected."""
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
        declaration = hash(tuple(tuple(a.input_hash for a in side) for side in (event.sources, event.targets)))
        if self._declared.get(event.pipeline) != declaration:
            self.emit(event)
            self._declared[event.pipeline] = declaration

    def beat(self, event: Heartbeat) -> None:
        """Send a sign of life; one that cannot be sent is dropped, because it is of no use later."""
        try:
            self.delivery.call(lambda execution_store: execution_store.record([event]))
        except Exception as error:  # noqa: BLE001 - a sign of life must not end somebody's pipeline
            logger.debug("no heartbeat: %s", error)

    def flush(self) -> list[Rejected]:
        """Write the batch. Return the events that the store rejected."""
        with self._lock:
            events, self._waiting = list(self._waiting.values()), {}
        return self.delivery.send(events)

    def close(self) -> None:
        """Write the batch and close the connection."""
        self.flush()
        self.delivery.close()

    def begin(self, tracking: Tracking, context: Any = None, *, kind: str = "sdk") -> Execution:
        """Start an execution. Never raises because of the database."""
        pipeline, reached = tracking.pipeline, watermark_text(tracking.next_watermark)
        registered = self.register(pipeline, reached)
        start = Start(
            uuid.uuid4().hex,
            pipeline.name,
            _now(),
            parent_of(tracking.parent) or os.environ.get(PARENT) or None,
            registered.watermark or watermark_text(tracking.default_watermark),
            reached,
            kind=kind,
            host=this_process(),
        )
        run = Execution(
            self,
            start,
            pipeline.pipeline_id,
            active=registered.active,
            monotonic=tracking.monotonic,
            metadata=tracking.metadata,
            orchestration=orchestration(context),
        )
        if not registered.active:
            logger.warning("Pipeline '%s' is switched off: this execution is not recorded.", pipeline.name)
        else:
            self.emit(start)
            # A changed pipeline without sources and targets had some before; a name alone says nothing about them.
            may_have_some = not (registered.is_new or pipeline.is_reference)
            if registered.load_lineage and (pipeline.sources or pipeline.targets or may_have_some):
                run.lineage(sources=pipeline.sources or (), targets=pipeline.targets or ())
        return run

    def finish(self, run: Execution, error: BaseException | None) -> None:
        """Close an execution. Never raises, whatever was set on it."""
        try:
            event = run.end(error)
        except Exception as problem:  # noqa: BLE001 - a value that cannot be written must not end somebody's pipeline
            logger.warning(
                "Pipeline '%s': its counts, metadata and watermark are not recorded (%s).",
                run.pipeline,
                mask_secrets(repr(problem)),
            )
            event = run.end_without_details(error)
        if event is not None:
            self.emit(event)
            if event.completed_successfully and event.next_watermark:
                # The next execution begins there if the database is away then.
                self.delivery.remember_watermark(run.pipeline_id, event.next_watermark, monotonic=run.monotonic)


@functools.lru_cache(maxsize=1)
def default_tracker() -> Tracker:
    """Return the tracker of this process."""
    tracker = Tracker()
    atexit.register(tracker.close)
    return tracker


def _now() -> datetime:
    return datetime.now(timezone.utc)


Function = TypeVar("Function", bound=Callable[..., Any])


class Tracking(AbstractContextManager[Execution], AbstractAsyncContextManager[Execution]):
    """A pipeline ready to be tracked: ``with``, ``async with``, or a decorator. May be used any number of times."""

    def __init__(
        self,
        tracker: Tracker | None,
        pipeline: Pipeline | str,
        *,
        next_watermark: Any = None,
        default_watermark: Any = None,
        parent: Execution | str | None = None,
        metadata: Mapping[str, Any] | None = None,
        monotonic: bool = False,
        context: Any = None,
        **settings: Any,
    ) -> None:
        if isinstance(pipeline, Pipeline) and settings:
            raise ConfigError(f"Give {', '.join(settings)} to the Pipeline '{pipeline.name}' itself, not to track().")
        if isinstance(pipeline, Pipeline):
            self.pipeline = pipeline
        else:
            self.pipeline = Pipeline(pipeline, **settings) if settings else _reference(pipeline)
        self.next_watermark, self.default_watermark = next_watermark, default_watermark
        self.parent, self.metadata, self.monotonic = parent, dict(metadata or {}), monotonic
        self._tracker, self._context = tracker, context
        self._open: list[Execution] = []

    @property
    def tracker(self) -> Tracker:
        """Return the tracker that records it."""
        return self._tracker or default_tracker()

    def __enter__(self) -> Execution:
        return self._enter(self.tracker.begin(self, self._context))

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.tracker.finish(self._leave(), value)
        return False

    async def __aenter__(self) -> Execution:
        # The event loop goes on while the database answers. A task that is cancelled meanwhile has begun nevertheless.
        beginning = asyncio.ensure_future(asyncio.to_thread(self.tracker.begin, self, self._context))
        try:
            return self._enter(await asyncio.shield(beginning))
        except asyncio.CancelledError as cancelled:
            run = await beginning
            await asyncio.shield(asyncio.to_thread(self.tracker.finish, run, cancelled))
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        # A task that is cancelled once more still records its end.
        await asyncio.shield(asyncio.to_thread(self.tracker.finish, self._leave(), value))
        return False

    def __call__(self, function: Function) -> Function:
        """Decorate a function, async or not. Its parameter ``run``, when it has one, gets the execution.

        A ``Result`` that it returns is recorded. An inactive pipeline's function is not called; None comes back.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ConfigError(
                f"track() cannot decorate the generator {function.__qualname__}: use `with track(...)` inside it."
            )
        parameters = list(inspect.signature(function).parameters)

        def with_run(run: Execution, kwargs: dict[str, Any], args: tuple[Any, ...]) -> dict[str, Any]:
            if "run" not in parameters or "run" in kwargs or parameters.index("run") < len(args):
                return kwargs
            return {**kwargs, "run": run}

        def one_call(kwargs: Mapping[str, Any]) -> Tracking:
            context = kwargs.get("context", self._context) if "context" in parameters else self._context
            return _Call(self, context)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def tracked_async(*args: Any, **kwargs: Any) -> Any:
                async with one_call(kwargs) as run:
                    if not run.active:
                        return None
                    return _take_result(run, await function(*args, **with_run(run, kwargs, args)))

            return cast(Function, tracked_async)

        @functools.wraps(function)
        def tracked(*args: Any, **kwargs: Any) -> Any:
            with one_call(kwargs) as run:
                if not run.active:
                    return None
                return _take_result(run, function(*args, **with_run(run, kwargs, args)))

        return cast(Function, tracked)

    def _enter(self, run: Execution) -> Execution:
        run.outer = CURRENT.get()
        CURRENT.set(run)
        self._open.append(run)
        return run

    def _leave(self) -> Execution:
        current = CURRENT.get()
        run = current if current is not None and current in self._open else self._open[-1]
        self._open.remove(run)
        if current is run:
            CURRENT.set(run.outer)
        return run


class _Call(Tracking):
    """Copy of a tracking for one call of a decorated function, because calls may overlap."""

    def __init__(self, original: Tracking, context: Any) -> None:
        self.__dict__.update(original.__dict__)
        self._open, self._context = [], context


@functools.lru_cache(maxsize=1024)
def _reference(name: str) -> Pipeline:
    return Pipeline(name)


def _take_result(run: Execution, returned: Any) -> Any:
    if isinstance(returned, Result):
        run.take(returned)
    return returned
