"""One read-only connection to one monitored database, which reconnects once and can be ended by another thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

import psycopg2
import pybreaker
from psycopg2 import sql

from lookout.database.connection import Connection, connect
from lookout.database.limits import LimitedConnection, OutOfTimeError, cancel, hang_up
from lookout.database.options import CollectOptions, Stopwatch
from lookout.database.retries import UnreachableError, open_connection

logger = logging.getLogger(__name__)

Rows = list[tuple[Any, ...]]


class Session:
    """A connection that is opened when first needed, and once more when it breaks.

    One thread queries; ``cancel`` and ``hang_up`` are for others. ``attempts`` counts the tries to connect so far,
    ``is_overdue`` means that Lookout hung up on a server that did not answer.
    """

    def __init__(self, connection: Connection, options: CollectOptions, stop: threading.Event) -> None:
        self.connection, self.options = connection, options
        self.attempts, self.is_overdue, self.is_broken = 0, False, False
        self._stop = stop
        self._handle: LimitedConnection | None = None
        self._stopwatch: Stopwatch | None = None
        self._is_querying = False
        self._canceller: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def user(self) -> str:
        """Return the user of the database that the session acts as."""
        role = self.connection.parameters.get("role")
        return str(role or (self._handle.info.user if self._handle else self.connection.parameters.get("user", "")))

    def fetch_rows(self, query: sql.Composable | str, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Run one query and return its rows. A connection that breaks meanwhile is opened again, once.

        Raises UnreachableError when none can be opened, the time of the source is over, or too many queries in a row
        had no answer; psycopg2.Error when the query fails or breaks the connection anew.
        """
        breaker = self.options.breakers.of_queries(self.connection)
        try:
            rows: Rows = breaker.call(self._fetch_twice, query, parameters)
        except pybreaker.CircuitBreakerError as error:
            raise UnreachableError(
                f"{self.connection.location} did not answer {breaker.fail_max} queries in a row in time and is left "
                f"alone for {breaker.reset_timeout:g} s: look for what makes it slow."
            ) from error
        return rows

    def _fetch_twice(self, query: sql.Composable | str, parameters: Mapping[str, Any] | None) -> Rows:
        try:
            return self._fetch_once(query, parameters)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if not self.is_broken or self.is_overdue or self._stop.is_set():
                raise
            logger.info("%s: the connection broke; opening it again", self.connection.location)
            return self._fetch_once(query, parameters)

    def _fetch_once(self, query: sql.Composable | str, parameters: Mapping[str, Any] | None) -> Rows:
        if self._stopwatch is None:
            self._stopwatch = Stopwatch(self.options, self.connection)
        is_new = self._handle is None
        self._check_time()
        handle = self._handle or self._open()
        self.is_broken = self.is_overdue = False
        with self._lock:
            if self._stop.is_set():
                raise UnreachableError(f"{self.connection.location}: the collection was stopped.")
            self._is_querying = True
        try:
            if is_new:
                # No transaction stays open between two tables: a source must be able to vacuum.
                handle.set_session(readonly=True, autocommit=True)
            with handle.cursor() as cursor:
                cursor.execute(query, parameters)
                return cursor.fetchall()
        except OutOfTimeError as error:
            raise UnreachableError(str(error)) from error
        except UnicodeDecodeError as error:
            raise psycopg2.DataError("a text cannot be decoded") from error
        finally:
            with self._lock:
                self._is_querying = False
                if handle.closed:
                    self._handle, self.is_broken, self.is_overdue = None, True, handle.is_overdue

    def _check_time(self) -> None:
        if self._stopwatch is not None and self._stopwatch.limit.is_over:
            raise UnreachableError(self._stopwatch.limit.reason)

    def _open(self) -> LimitedConnection:
        try:
            handle, attempts = open_connection(
                self.connection,
                self._connect,
                self.options.retry,
                self.options.breakers,
                stop=self._stop,
                sleep=self.options.sleep,
                time_limit=self._stopwatch.limit if self._stopwatch else None,
            )
        except UnreachableError as error:
            self.attempts += error.attempts
            raise
        self.attempts += attempts
        with self._lock:
            self._handle = handle
        return handle

    def _connect(self, connection: Connection) -> LimitedConnection:
        return connect(
            connection,
            read_only=True,
            statement_timeout=self.options.statement_timeout,
            lock_timeout=self.options.lock_timeout,
            connect_timeout=self.options.connect_timeout,
            hang_grace=self.options.hang_grace,
            time_limit=self._stopwatch.limit if self._stopwatch else None,
        )

    def cancel(self) -> None:
        """Ask the server to cancel what it is running, without waiting for it to do so.

        A cancellation that overtakes its query is lost, so this may have to be called again.
        """
        with self._lock:
            is_idle = self._handle is None or not self._is_querying
            if is_idle or (self._canceller is not None and self._canceller.is_alive()):
                return
            if self._handle is not None and self._handle.opener is not None:
                self._canceller = cancel(self._handle.get_backend_pid(), self._handle.opener)

    def hang_up(self) -> None:
        """End the connection under a running query, which then fails in its own thread."""
        with self._lock:
            if self._handle is not None and self._is_querying:
                hang_up(self._handle)

    def close(self) -> None:
        """Close the connection, and count the time that the source has taken."""
        if self._stopwatch is not None:
            self._stopwatch.stop()
            self._stopwatch = None
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            self._handle = None
