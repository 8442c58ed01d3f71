"""Connections to PostgreSQL; their errors hold no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import extensions

from lookout.errors import SourceError
from lookout.masking import mask_secrets, remember_secrets
from lookout.plain import plain

# The parameters of a connection that may be shown; whatever else there is counts as secret.
SHOWN = frozenset(
    {
        *("host", "hostaddr", "port", "user", "dbname", "role", "search_path", "options", "application_name"),
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout", "keepalives_idle", "keepalives"),
        *("keepalives_interval", "keepalives_count", "tcp_user_timeout", "target_session_attrs", "service", "passfile"),
        *("channel_binding", "gssencmode", "krbsrvname", "sslcrl", "client_encoding", "fallback_application_name"),
    }
)


@dataclass(frozen=True)
class Connection:
    """One output of profiles.yml. ``parameters`` holds libpq keywords and is never printed: it may hold a password.

    ``problem`` is a sentence when the output cannot be used as it is written: then nothing ever connects to it.
    """

    name: str
    parameters: Mapping[str, Any] = field(repr=False)
    problem: str = ""

    def __post_init__(self) -> None:
        names = [self.parameters.get(key) for key in ("host", "user", "dbname", "role", "search_path")]
        secrets = [value for key, value in self.parameters.items() if key not in SHOWN]
        remember_secrets(secrets, but_not=[self.name, *names])

    @property
    def location(self) -> str:
        """Return the location of the database, safe to print: ``name (host:port/dbname)``."""
        p = self.parameters
        where = f"{p.get('host', 'localhost')}:{p.get('port', 5432)}/{p.get('dbname', '')}"
        return f"{self.name} ({mask_secrets(where)})"


def connect(
    connection: Connection,
    *,
    application: str = "lookout",
    statement_timeout: float | None = None,
    lock_timeout: float | None = None,
    read_only: bool = False,
    connect_timeout: int = 10,
) -> extensions.connection:
    """Open one connection in UTC. Timeouts are in seconds. Raises SourceError without any secret in it."""
    if connection.problem:
        raise SourceError(connection.problem)
    # What is not named would come from PGHOSTADDR, which goes before the host, and PGPORT.
    parameters = {"connect_timeout": connect_timeout, "hostaddr": "", "port": 5432, **connection.parameters}
    role, search_path = parameters.pop("role", None), parameters.pop("search_path", None)
    options = "-c TimeZone=UTC -c client_min_messages=warning"
    if statement_timeout:
        options += f" -c statement_timeout={int(statement_timeout * 1000)}"
    if lock_timeout:
        options += f" -c lock_timeout={int(lock_timeout * 1000)}"
    try:
        handle: extensions.connection = psycopg2.connect(
            **parameters, application_name=application, client_encoding="UTF8", options=options
        )
    except psycopg2.Error as error:
        raise SourceError(f"Cannot connect to {connection.location}: {clean_message(error)}") from error
    try:
        handle.set_session(readonly=read_only)
        with handle, handle.cursor() as cursor:
            if role:
                cursor.execute("select set_config('role', %s, false)", (role,))
            if search_path:
                cursor.execute("select set_config('search_path', %s, false)", (search_path,))
    except psycopg2.Error as error:
        handle.close()
        raise SourceError(f"Cannot use {connection.location}: {clean_message(error)}") from error
    return handle


def clean_message(error: BaseException) -> str:
    """Return the first line of a database error without connection strings, passwords or line noise."""
    text = plain(mask_secrets(str(error)))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".") + "."
