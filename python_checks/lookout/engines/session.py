"""One read-only connection to one monitored database, which reconnects once and can be ended by another thread."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as PgConnection  # noqa: N812

from lookout.database.connection import Connection, connect
from lookout.database.options import CollectOptions
from lookout.database.retries import UnreachableError, open_connection

logger = logging.getLogger(__name__)

Rows = list[tuple[Any, ...]]


class Session:
    """A connection that is opened when first needed, and once more when it breaks.

    One thread queries; ``cancel``, ``hang_up`` and ``hang_up_if_overdue`` are for others. ``attempts`` counts the tries
    to connect so far, ``is_overdue`` means that Lookout hung up on a server that did not answer.
    """

    def __init__(self, connection: Connection, options: CollectOptions, stop: threading.Event) -> None:
        self.connection, self.options = connection, options
        self.attempts, self.is_overdue, self.is_broken = 0, False, False
        self._stop = stop
        self._handle: PgConnection | None = None
        self._deadline: float | None = None
        self._canceller: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def user(self) -> str:
        """Return the user of the database that the session acts as."""
        role = self.connection.parameters.get("role")
        return str(role or (self._handle.info.user if self._handle else self.connection.parameters.get("user", "")))

    def fetch_rows(self, query: sql.Composable | str, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Run one query and return its rows. A connection that breaks meanwhile is opened again, once.

        Raises UnreachableError when none can be opened, psycopg2.Error when the query fails or breaks it anew.
        """
        try:
            return self._fetch_once(query, parameters)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if not self.is_broken or self.is_overdue or self._stop.is_set():
                raise
            logger.info("%s: the connection broke; opening it again", self.connection.location)
            return self._fetch_once(query, parameters)

    def _fetch_once(self, query: sql.Composable | str, parameters: Mapping[str, Any] | None) -> Rows:
        is_new = self._handle is None
        handle = self._handle or self._open()
        self.is_broken = self.is_overdue = False
        with self._lock:
            if self._stop.is_set():
                raise UnreachableError(f"{self.connection.location}: the collection was stopped.", attempts=0)
            self._deadline = time.monotonic() + self.options.statement_timeout + self.options.hang_grace
        try:
            if is_new:
                # No transaction stays open between two tables: a source must be able to vacuum.
                handle.set_session(readonly=True, autocommit=True)
            with handle.cursor() as cursor:
                cursor.execute(query, parameters)
                return cursor.fetchall()
        except UnicodeDecodeError as error:
            raise psycopg2.DataError("a text cannot be decoded") from error
        finally:
            with self._lock:
                self._deadline = None
                if handle.closed:
                    self._handle, self.is_broken = None, True

    def _open(self) -> PgConnection:
        try:
            handle, attempts = open_connection(
                self.connection,
                self._connect,
                self.options.retry,
                self.options.breakers,
                stop=self._stop,
                sleep=self.options.sleep,
            )
        except UnreachableError as error:
            self.attempts += error.attempts
            raise
        self.attempts += attempts
        with self._lock:
            self._handle = handle
        return handle

    def _connect(self, connection: Connection) -> PgConnection:
        return connect(
            connection,
            read_only=True,
            statement_timeout=self.options.statement_timeout,
            lock_timeout=self.options.lock_timeout,
            connect_timeout=self.options.connect_timeout,
        )

    def cancel(self) -> None:
        """Ask the server to cancel what it is running, without waiting for it to do so.

        A cancellation that overtakes its query is lost, so this may have to be called again.
        """
        with self._lock:
            is_idle = self._handle is None or self._deadline is None
            if is_idle or (self._canceller is not None and self._canceller.is_alive()):
                return
            # A cancellation is a connection of its own, to a server that may not answer.
            self._canceller = threading.Thread(target=_cancel, args=(self._handle,), daemon=True)
            self._canceller.start()

    def hang_up_if_overdue(self) -> None:
        """End the connection when its query should have timed out on the server long ago."""
        with self._lock:
            if self._deadline is None or time.monotonic() < self._deadline:
                return
            self.is_overdue = True
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection under a running query, which then fails in its own thread."""
        with self._lock:
            if self._handle is None or self._deadline is None:
                return
            with contextlib.suppress(psycopg2.Error, OSError):
                duplicate = socket.socket(fileno=os.dup(self._handle.fileno()))
                with contextlib.closing(duplicate):
                    duplicate.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            self._handle = None


def _cancel(handle: PgConnection) -> None:
    with contextlib.suppress(psycopg2.Error):
        handle.cancel()
