"""Ends of waiting: the time that a run or a source has, and connections that are hung up on when a server is silent.

The limits that a server enforces (statement, lock, idle in a transaction) do not help where the server, or the network
on the way to it, is what has stopped. So each wait has an end on this side, too, and one thread looks after all.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
from psycopg2 import extensions

from lookout.errors import SourceError

CONNECT_TIMEOUT = 10
STATEMENT_TIMEOUT = 300.0
LOCK_TIMEOUT = 30.0
IDLE_TIMEOUT = 60.0
LEASE_SECONDS = 120.0
# A server that hangs cannot enforce its own statement timeout: so much later, Lookout closes the connection.
HANG_GRACE = 10.0
# What a server may take to cancel a statement when the time is over.
CANCEL_SECONDS = 1.0
TICK = 0.1
# A peer that has vanished is noticed after a minute: by this side, and by the server, which then frees its locks.
TCP_PARAMETERS = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
TCP_OPTIONS = {
    f"{'tcp_' if name.startswith('keep') else ''}{name}": value
    for name, value in TCP_PARAMETERS.items()
    if name != "keepalives"
}


class OutOfTimeError(SourceError):
    """The time of a run is over, or it was ended for another reason that the message names."""


class SilentServerError(psycopg2.OperationalError):
    """A server did not answer in time, so Lookout hung up."""


class TimeLimit:
    """Time that something may take; it is over when that of ``parent`` is, at the latest.

    ``reason`` is the sentence about its end. Any thread may ``end`` it early, for another reason.
    """

    def __init__(self, seconds: float = math.inf, reason: str = "", parent: TimeLimit | None = None) -> None:
        self.seconds, self.parent = seconds, parent
        self._reason, self._deadline = reason, time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Return the seconds that are left."""
        own = max(self._deadline - time.monotonic(), 0.0)
        return own if self.parent is None else min(own, self.parent.remaining)

    @property
    def is_over(self) -> bool:
        """Return whether the time is over."""
        return self.remaining <= 0

    @property
    def reason(self) -> str:
        """Return why it is over."""
        return self.parent.reason if self.parent is not None and self.parent.is_over else self._reason

    def end(self, reason: str) -> None:
        """End it now; the first reason stays."""
        if not self.is_over:
            self._reason, self._deadline = reason, 0.0

    def check(self) -> None:
        """Raise OutOfTimeError when it is over."""
        if self.is_over:
            raise OutOfTimeError(self.reason)


class LimitedConnection(extensions.connection):
    """A connection on which no wait for the server is longer than ``patience`` seconds, or than ``time_limit`` allows.

    ``is_overdue`` says that Lookout ended the last wait. The error is an OutOfTimeError when the time was over, and a
    SilentServerError otherwise.
    """

    patience: float = STATEMENT_TIMEOUT + HANG_GRACE
    time_limit: TimeLimit | None = None
    is_overdue: bool = False
    waits: int = 0
    waiting_until: float = math.inf
    cancelled_at: float | None = None
    # Opens a second connection to the same server, for a moment.
    opener: Opener | None = None

    @contextlib.contextmanager
    def limited(self) -> Iterator[None]:
        """Limit the waits inside."""
        WATCHDOG.add(self)
        try:
            yield
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            if not self.is_overdue:
                raise
            self.check_time()
            raise SilentServerError("the server did not answer in time; Lookout hung up.") from error
        finally:
            WATCHDOG.remove(self)

    def check_time(self) -> None:
        """Raise OutOfTimeError when the time is over."""
        if self.time_limit:
            self.time_limit.check()

    def commit(self) -> None:
        """Commit, within the limits; also what was written just before the time was over."""
        with self.limited():
            super().commit()

    def rollback(self) -> None:
        """Roll back, within the limits; a connection that was hung up on has nothing left to roll back."""
        if self.closed:
            return
        with self.limited():
            super().rollback()

    def set_session(self, *arguments: Any, **settings: Any) -> None:
        """Change the session, within the limits."""
        with self.limited():
            super().set_session(*arguments, **settings)

    def end_if_overdue(self) -> None:
        """End a wait that is too long; when the time is over, the server is asked to cancel it first."""
        now = time.monotonic()
        if now >= self.waiting_until:
            self.is_overdue = True
            hang_up(self)
        elif self.time_limit is not None and self.time_limit.is_over:
            self.is_overdue = True
            if self.cancelled_at is None:
                self.cancelled_at = now
                if self.opener is not None:
                    cancel(self.get_backend_pid(), self.opener)
            elif now - self.cancelled_at > CANCEL_SECONDS:
                hang_up(self)


Opener = Callable[[], LimitedConnection]


class LimitedCursor(extensions.cursor):
    """A cursor of such a connection."""

    connection: LimitedConnection

    def execute(self, query: Any, vars: Any = None) -> None:
        """Execute, within the limits."""
        with self._limited():
            super().execute(query, vars)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Copy, within the limits."""
        with self._limited():
            super().copy_expert(sql, file, size)

    def _limited(self) -> contextlib.AbstractContextManager[None]:
        self.connection.check_time()
        return self.connection.limited()


class Watchdog:
    """One thread of the process, which ends the connections that wait for too long. It starts when first needed."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, LimitedConnection] = {}
        self._thread: threading.Thread | None = None

    def add(self, connection: LimitedConnection) -> None:
        """Look after a connection that waits for its server; several threads may wait on one."""
        with self._changed:
            connection.waits += 1
            connection.is_overdue, connection.cancelled_at = False, None
            connection.waiting_until = time.monotonic() + connection.patience
            self._waiting[id(connection)] = connection
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lookout watchdog", daemon=True)
                self._thread.start()
            elif len(self._waiting) == 1:
                self._changed.notify()

    def remove(self, connection: LimitedConnection) -> None:
        """Leave a connection alone that waits no longer."""
        with self._changed:
            connection.waits -= 1
            if not connection.waits:
                self._waiting.pop(id(connection), None)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                for connection in list(self._waiting.values()):
                    connection.end_if_overdue()
            time.sleep(TICK)


WATCHDOG = Watchdog()


def hang_up(handle: extensions.connection) -> None:
    """End a connection under a running query, which then fails in its own thread."""
    with contextlib.suppress(psycopg2.Error, OSError):
        duplicate = socket.socket(fileno=os.dup(handle.fileno()))
        with contextlib.closing(duplicate):
            duplicate.shutdown(socket.SHUT_RDWR)


def cancel(pid: int, opener: Opener) -> threading.Thread:
    """Ask a server to cancel what a backend is running, on a connection and in a thread of its own.

    Not by libpq's request to cancel, which waits for a silent server without end and stops this whole process.
    """

    def ask() -> None:
        with (
            contextlib.suppress(psycopg2.Error, SourceError),
            contextlib.closing(opener()) as handle,
            handle,
            handle.cursor() as cursor,
        ):
            cursor.execute("select pg_cancel_backend(%s)", (pid,))

    thread = threading.Thread(target=ask, name="lookout cancel", daemon=True)
    thread.start()
    return thread


def server_options(statement: float, lock: float, idle: float = IDLE_TIMEOUT) -> str:
    """Return the start options of a session for libpq; times in seconds."""
    settings = {
        "statement_timeout": int(statement * 1000),
        "lock_timeout": int(lock * 1000),
        "idle_in_transaction_session_timeout": int(idle * 1000),
        **TCP_OPTIONS,
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def within(limit: TimeLimit, work: Callable[[], Any], give_up: Callable[[threading.Thread], None]) -> Any:
    """Return what ``work`` returns in a thread of its own, or raise its exception.

    Raises OutOfTimeError when the limit is over first; ``give_up`` is called before, also on Ctrl-C, and may end the
    thread, which is left behind otherwise.
    """
    outcome: list[tuple[Any, BaseException | None]] = []
    is_done = threading.Event()

    def run() -> None:
        try:
            outcome.append((work(), None))
        except BaseException as error:  # noqa: BLE001
            # It belongs to the thread that waits.
            outcome.append((None, error))
        finally:
            is_done.set()

    thread = threading.Thread(target=run, name="lookout work", daemon=True)
    thread.start()
    try:
        while not is_done.wait(TICK):
            limit.check()
    except BaseException:
        give_up(thread)
        raise
    result, error = outcome[0]
    if error is not None:
        raise error
    return result
