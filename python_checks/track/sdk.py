"""Tracking in two lines: ``with track("load orders") as run:`` around some work, or ``@track(...)`` on a function.

Whatever happens to the monitoring database, the work goes on: events wait in a spool file and are delivered later.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import Any, Literal, TypeVar, cast

from python_checks.errors import ConfigError
from python_checks.track.model import Address, Limit, Pipeline, PipelineType
from python_checks.track.sdk_execution import CURRENT, Execution, Result
from python_checks.track.sdk_tracker import Tracker, default_tracker

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])


class Tracking(AbstractContextManager[Execution], AbstractAsyncContextManager[Execution]):
    """A pipeline ready to be tracked: ``with``, ``async with``, or a decorator. May be used again and again."""

    def __init__(
        self, tracker: Tracker | None, pipeline: Pipeline | str, *, next_watermark: Any = None,
        default_watermark: Any = None, parent: Execution | str | None = None,
        metadata: Mapping[str, Any] | None = None, monotonic: bool = False, context: Any = None, **settings: Any,
    ) -> None:  # fmt: skip
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
        """Where it is recorded."""
        return self._tracker or default_tracker()

    def __enter__(self) -> Execution:
        return self._entered(self.tracker.begin(self, self._context))

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.tracker.finish(self._left(), value)
        return False

    async def __aenter__(self) -> Execution:
        # The event loop goes on while the database answers. A task that is cancelled meanwhile has begun nevertheless.
        beginning = asyncio.ensure_future(asyncio.to_thread(self.tracker.begin, self, self._context))
        try:
            return self._entered(await asyncio.shield(beginning))
        except asyncio.CancelledError as cancelled:
            run = await beginning
            await asyncio.shield(asyncio.to_thread(self.tracker.finish, run, cancelled))
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        # A task that is cancelled once more still records its end.
        await asyncio.shield(asyncio.to_thread(self.tracker.finish, self._left(), value))
        return False

    def __call__(self, function: Function) -> Function:
        """Decorate a function, async or not. Its parameter ``run``, when it has one, gets the execution.

        A ``Result`` that it returns is recorded. An inactive pipeline's function is not called; None comes back.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ConfigError(
                f"track() cannot decorate the generator {function.__qualname__}: use `with track(...)` inside it."
            )
        wants = inspect.signature(function).parameters

        def prepared(run: Execution, kwargs: dict[str, Any], args: tuple[Any, ...]) -> dict[str, Any]:
            is_given = "run" in kwargs or list(wants).index("run") < len(args) if "run" in wants else True
            return kwargs if is_given else {**kwargs, "run": run}

        def again(kwargs: Mapping[str, Any]) -> Tracking:
            return _Copy(self, kwargs.get("context", self._context) if "context" in wants else self._context)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                async with again(kwargs) as run:
                    if not run.active:
                        return None
                    return _taken(run, await function(*args, **prepared(run, kwargs, args)))

            return cast(Function, awaited)

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with again(kwargs) as run:
                if not run.active:
                    return None
                return _taken(run, function(*args, **prepared(run, kwargs, args)))

        return cast(Function, called)

    def _entered(self, run: Execution) -> Execution:
        run.outer = CURRENT.get()
        CURRENT.set(run)
        self._open.append(run)
        return run

    def _left(self) -> Execution:
        current = CURRENT.get()
        run = current if current is not None and current in self._open else self._open[-1]
        self._open.remove(run)
        if current is run:
            CURRENT.set(run.outer)
        return run


class _Copy(Tracking):
    """The same tracking for one call of a decorated function: calls may overlap."""

    def __init__(self, of: Tracking, context: Any) -> None:
        self.__dict__.update(of.__dict__)
        self._open, self._context = [], context


def track(
    pipeline: Pipeline | str, *, pipeline_type: PipelineType | str | None = None, owner: str = "",
    freshness: Limit | str | None = None, timeliness: Limit | str | None = None,
    sources: Sequence[Address | str] = (), targets: Sequence[Address | str] = (),
    next_watermark: Any = None, default_watermark: Any = None, parent: Execution | str | None = None,
    metadata: Mapping[str, Any] | None = None, monotonic: bool = False, context: Any = None,
    tracker: Tracker | None = None,
) -> Tracking:  # fmt: skip
    """Track a pipeline: ``with track("load orders") as run:``, ``async with``, or ``@track("load orders")``.

    ``next_watermark`` is where this execution will have come when it succeeds; it may also be set on ``run``.
    ``default_watermark`` is what ``run.watermark`` is before the first success. ``monotonic`` keeps the watermark from
    moving back. ``parent`` is found by itself when executions are nested. ``metadata`` is kept with the execution;
    ``context`` is the context of Dagster or Airflow. Raises ConfigError when a setting is wrong, and nothing else.
    """
    settings = {
        "pipeline_type": pipeline_type, "owner": owner, "freshness": freshness, "timeliness": timeliness,
        "sources": sources, "targets": targets,
    }  # fmt: skip
    return Tracking(
        tracker, pipeline, next_watermark=next_watermark, default_watermark=default_watermark, parent=parent,
        metadata=metadata, monotonic=monotonic, context=context, **{k: v for k, v in settings.items() if v},
    )  # fmt: skip


def current() -> Execution | None:
    """The innermost execution that is running here, if any."""
    return CURRENT.get()


@functools.lru_cache(maxsize=1024)
def _reference(name: str) -> Pipeline:
    return Pipeline(name)


def _taken(run: Execution, returned: Any) -> Any:
    if isinstance(returned, Result):
        run.take(returned)
    return returned
