"""Work on many source databases at once: a thread and a connection for each, and outcomes as they arrive."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import psycopg2
from psycopg2 import errors

from lookout.database.connection import Connection, clean_message
from lookout.database.limits import TimeLimit
from lookout.database.options import CollectOptions
from lookout.database.retries import UnreachableError
from lookout.engines.catalog import Status
from lookout.engines.session import Session

Request = TypeVar("Request")
Outcome = TypeVar("Outcome")
Emit = Callable[[int, Outcome], None]
# Called with a session of its own, the requests to that source by position, a function that takes each outcome, and the
# event that ends everything. It emits one outcome for each position, unless it is ended, and closes the session.
Worker = Callable[[Session, Mapping[int, Request], Emit[Outcome], threading.Event], None]

TICK = 0.2
THREADS = "lookout-source"
STATUS_OF: tuple[tuple[type[psycopg2.Error], Status], ...] = (
    (errors.QueryCanceled, "timeout"),
    (errors.LockNotAvailable, "timeout"),
    (errors.InsufficientPrivilege, "permission_denied"),
    (errors.UndefinedTable, "missing_table"),
    (errors.InvalidSchemaName, "missing_table"),
    (errors.UndefinedColumn, "missing_column"),
)


def unknown_output_message(name: str) -> str:
    """Return the message about a connection that profiles.yml does not have."""
    return f"There is no output '{name}' in profiles.yml."


def work_on_sources(
    wanted: Mapping[str, Mapping[int, Request]],
    connections: Mapping[str, Connection],
    options: CollectOptions,
    worker: Worker[Request, Outcome],
    on_outcome: Callable[[Outcome], None],
) -> dict[int, Outcome]:
    """Work on every source of ``wanted`` at once. Returns the outcomes by position.

    ``on_outcome`` is called in the calling thread as soon as an outcome arrives. An exception of it, or Ctrl-C, ends
    all queries and is raised again.
    """
    stop = threading.Event()
    sessions = {name: Session(connections[name], options, stop) for name in wanted}
    arrived: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
    outcomes: dict[int, Outcome] = {}

    def put(position: int, outcome: Outcome) -> None:
        arrived.put((position, outcome))

    with ThreadPoolExecutor(max(1, min(len(sessions), options.max_connections)), THREADS) as pool:
        futures: list[Future[None]] = []
        try:
            for name, session in sessions.items():
                futures.append(pool.submit(worker, session, wanted[name], put, stop))
            expected = sum(len(requests) for requests in wanted.values())
            for position, outcome in _arrivals(arrived, futures, expected, options.time_limit):
                # What the end of the run has ended says nothing about a source.
                options.time_limit.check()
                outcomes[position] = outcome
                on_outcome(outcome)
        except BaseException:
            stop.set()
            _abandon(futures, list(sessions.values()))
            raise
        for future in futures:
            future.result()
    return outcomes


def explain_failure(error: Exception, session: Session, what: str, advice: str = "") -> tuple[Status, str]:
    """Return status and one sentence for a failed query. ``advice`` is for queries that take too long."""
    limits = session.options
    if isinstance(error, UnreachableError):
        return "source_unreachable", str(error)
    if session.is_overdue:
        # About the source, not about the table that it was noticed in.
        location = session.connection.location
        return "source_unreachable", f"{location} stopped answering; Lookout hung up: check that server."
    if session.is_broken:
        return "source_unreachable", f"{what}: the connection broke twice: {clean_message(error)}"
    if isinstance(error, errors.LockNotAvailable):
        return "timeout", f"{what} is locked by somebody else for more than {limits.lock_timeout:g} s; run it later."
    if isinstance(error, errors.QueryCanceled):
        return "timeout", f"{what} did not answer within {limits.statement_timeout:g} s: {advice}"
    status: Status = next((status for kind, status in STATUS_OF if isinstance(error, kind)), "error")
    return status, f"{what}: {clean_message(error)}"


def _arrivals(
    arrived: queue.SimpleQueue[tuple[int, Outcome]],
    futures: Sequence[Future[None]],
    expected: int,
    time_limit: TimeLimit,
) -> Iterator[tuple[int, Outcome]]:
    """Yield outcomes as they arrive. Raises OutOfTimeError when the time of the run is over."""
    while expected:
        time_limit.check()
        # Checked before the queue: a thread that has ended has put everything it had.
        has_ended = all(future.done() for future in futures)
        try:
            yield arrived.get(block=not has_ended, timeout=TICK)
            expected -= 1
        except queue.Empty:
            if has_ended:
                return


def _abandon(futures: Sequence[Future[None]], sessions: Sequence[Session]) -> None:
    """Cancel what runs on the servers, and hang up on those that do not react."""
    for future in futures:
        future.cancel()
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline and not all(future.done() for future in futures):
        for session in sessions:
            session.cancel()
        time.sleep(0.05)
    for session in sessions:
        session.hang_up()
