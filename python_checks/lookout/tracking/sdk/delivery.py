"""Delivery of events to the execution store within a few seconds, or into the spool: no pipeline waits for long."""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from lookout.database.connection import Connection
from lookout.errors import ConfigError, LookoutError, SourceError
from lookout.masking import mask_secrets
from lookout.project.files import UnusableFileError, read_json
from lookout.tracking.executions.batch import Rejected
from lookout.tracking.executions.events import End, Event, Register
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.executions.watermarks import is_later
from lookout.tracking.model import Registered
from lookout.tracking.sdk.context import find_connection
from lookout.tracking.sdk.spool import Spool, spool_for

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 2
PATIENCE = 5.0
COOL_DOWN = 30.0
# Seconds that a call may spend on events of earlier outages, and seconds between such calls.
SPOOL_SECONDS, SPOOL_EVERY = 1.0, 10.0

Outcome = TypeVar("Outcome")
Job = tuple["Future[Any]", Callable[[], Any]]


class AwayError(SourceError):
    """Call skipped because the database was away a moment ago, or none is configured."""


class Delivery:
    """One process's way to the execution store: a connection in a thread of its own, a circuit breaker and the spool.

    Except for ``call``, nothing here raises because of a database. Safe for threads, and after a fork.
    """

    def __init__(
        self,
        connection: Connection | None = None,
        schema: str | None = None,
        *,
        patience: float = PATIENCE,
        cool_down: float = COOL_DOWN,
    ) -> None:
        self.patience, self.cool_down, self._schema = patience, cool_down, schema
        self._configured = connection
        self._begin()

    def _begin(self) -> None:
        """Set the state of a process that has no thread and no connection yet."""
        self._pid, self._lock = os.getpid(), threading.RLock()
        self._connection: Connection | None = self._configured
        self._is_looked_up = self._configured is not None
        self._spool: Spool | None = None
        self._store: ExecutionStore | None = None
        self._jobs: queue.SimpleQueue[Job | None] | None = None
        self._away_until, self._next_spool = 0.0, 0.0
        self._warned: set[str] = set()

    @property
    def connection(self) -> Connection | None:
        """Return the database, looked up when first needed; None when none is configured."""
        self._after_fork()
        with self._lock:
            if not self._is_looked_up:
                self._is_looked_up = True
                try:
                    self._connection = find_connection()
                except LookoutError as error:
                    self.warn("where", "%s Until then events of pipelines wait in a spool file.", error)
            return self._connection

    @property
    def spool(self) -> Spool:
        """Return the spool in which events wait."""
        if self._spool is None:
            self._spool = spool_for(self.connection)
        return self._spool

    def register(self, event: Register) -> Registered | None:
        """Register a pipeline; None when the database is away. Then the event waits in the spool."""

        def work(execution_store: ExecutionStore) -> Registered:
            return execution_store.register(event.pipeline, at=event.at, next_watermark=event.next_watermark)

        try:
            registered = self.call(work)
        except LookoutError as error:
            self._keep([event], error)
            return None
        self._remember(registered)
        return registered

    def send(self, events: Sequence[Event]) -> list[Rejected]:
        """Record events now, or keep them in the spool. Return those that the store rejects, after a warning."""
        if not events:
            return []
        try:
            recorded = self.call(lambda execution_store: execution_store.record(events))
        except LookoutError as error:
            self._keep(events, error)
            return []
        rejected = []
        for item in recorded.rejected:
            if isinstance(item.event, End) and "never started" in item.reason and not self.spool.is_empty():
                # Its start may be waiting in the spool.
                self._keep([item.event], None)
            else:
                rejected.append(item)
                logger.warning("An event of a pipeline was not recorded: %s", item.reason)
        return rejected

    def call(self, work: Callable[[ExecutionStore], Outcome]) -> Outcome:
        """Call the execution store. Raises SourceError or ConfigError, after ``patience`` seconds at the latest."""
        self._after_fork()
        if self.connection is None:
            raise AwayError(
                "Nobody says where the monitoring database is: set LOOKOUT_DATABASE_URL, or run inside a dbt project."
            )
        if time.monotonic() < self._away_until:
            raise AwayError(f"{self.connection.location} was away a moment ago.")
        future: Future[Outcome] = Future()
        jobs = self._worker()
        jobs.put((future, lambda: self._do(work)))
        try:
            return future.result(self.patience)
        except FutureTimeout:
            # A job that has begun may still end: recording an event twice has no effect.
            future.cancel()
            self._abandon(jobs)
            raise SourceError(f"{self.connection.location} did not answer for {self.patience:g} s.") from None
        except LookoutError as error:
            if not ExecutionStore.is_about_data(error):
                self._away_until = time.monotonic() + self.cool_down
            raise
        except Exception as error:
            message = mask_secrets(str(error))
            raise SourceError(f"An unknown error ({type(error).__name__}: {message}); please report it.") from error

    def remembered(self, pipeline_id: str) -> Registered | None:
        """Return a pipeline as this machine last saw it in the database; None when it never did."""
        try:
            known = read_json(self.spool.folder / "known" / f"{pipeline_id}.json")
            active, watermark = known["active"], known["watermark"]
        except (UnusableFileError, LookupError, TypeError):
            return None
        is_right = isinstance(active, bool) and (watermark is None or isinstance(watermark, str))
        return Registered(pipeline_id, active, False, watermark) if is_right else None

    def remember_watermark(self, pipeline_id: str, watermark: str, *, monotonic: bool) -> None:
        """Store a pipeline's new watermark on this machine, for the time when the database is away."""
        known = self.remembered(pipeline_id)
        if known is None or known.watermark is None or not monotonic or is_later(watermark, known.watermark):
            self._remember(Registered(pipeline_id, True, False, watermark))

    def warn(self, subject: str, message: str, *arguments: object) -> None:
        """Log a warning once per subject in the life of this process."""
        if subject not in self._warned:
            self._warned.add(subject)
            logger.warning(message, *arguments)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._after_fork()
        with self._lock:
            jobs, execution_store = self._jobs, self._store
            self._jobs = self._store = None
        if jobs is not None:
            if execution_store is not None:
                # In the thread of the connection, after the jobs that wait there.
                jobs.put((Future(), execution_store.close))
            jobs.put(None)

    def _do(self, work: Callable[[ExecutionStore], Outcome]) -> Outcome:
        execution_store = self._store
        if execution_store is None:
            assert self._connection is not None
            execution_store = self._store = ExecutionStore(
                self._connection,
                self._schema,
                connect_timeout=CONNECT_TIMEOUT,
                statement_timeout=self.patience,
                lock_timeout=self.patience,
            )
        if time.monotonic() >= self._next_spool:
            try:
                if not self.spool.is_empty():
                    self._next_spool = time.monotonic() + SPOOL_EVERY
                    for problem in self.spool.deliver(execution_store, seconds=SPOOL_SECONDS).problems:
                        logger.warning("%s", problem)
            except OSError as error:
                # What waits there is no reason to lose what happens now.
                self.warn(
                    "spool", "%s cannot be read (%s): events of pipelines may wait there.", self.spool.folder, error
                )
        return work(execution_store)

    def _worker(self) -> queue.SimpleQueue[Job | None]:
        with self._lock:
            if self._jobs is None:
                self._jobs = queue.SimpleQueue()
                threading.Thread(target=_work, args=(self._jobs,), name="lookout track", daemon=True).start()
            return self._jobs

    def _abandon(self, jobs: queue.SimpleQueue[Job | None]) -> None:
        """Give up a thread that waits for a server which does not answer; the next call starts another."""
        with self._lock:
            self._away_until = time.monotonic() + self.cool_down
            if self._jobs is jobs:
                jobs.put(None)
                self._jobs = self._store = None

    def _keep(self, events: Sequence[Event], error: LookoutError | None) -> None:
        """Write events to the spool; ``error`` is why they could not be recorded."""
        try:
            self.spool.append(events)
        except OSError as problem:
            self.warn(
                "spool",
                "%s And the spool file %s cannot be written (%s): events of pipelines are lost.",
                error or "",
                self.spool.events,
                problem.strerror,
            )
            return
        if error is not None and not isinstance(error, AwayError):
            self.warn(
                "config" if isinstance(error, ConfigError) else "away",
                "%s Events of pipelines wait in %s; `lookout collect` delivers them.",
                error,
                self.spool.events,
            )
        elif self.connection is None:
            self.warn("nowhere", "%s Until then events of pipelines wait in %s.", error or "", self.spool.events)

    def _remember(self, registered: Registered) -> None:
        """Store a pipeline's state on this machine when it differs from what is stored."""
        known = self.remembered(registered.pipeline_id)
        stored = (True, None) if known is None else (known.active, known.watermark)
        if (registered.active, registered.watermark) == stored:
            return
        path = self.spool.folder / "known" / f"{registered.pipeline_id}.json"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            text = json.dumps({"active": registered.active, "watermark": registered.watermark})
            fresh = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            logger.debug("cannot store the watermark in %s: %s", path, error)

    def _after_fork(self) -> None:
        if os.getpid() != self._pid:
            # Threads and connections belong to the parent; psycopg2 does not close a parent's connection.
            self._begin()


def _work(jobs: queue.SimpleQueue[Job | None]) -> None:
    while (job := jobs.get()) is not None:
        future, work = job
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits for the result
            future.set_exception(error)
