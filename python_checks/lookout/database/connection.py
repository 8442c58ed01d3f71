"""Connections to PostgreSQL; their errors hold no secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import psycopg2

from lookout.database.limits import (
    CONNECT_TIMEOUT,
    HANG_GRACE,
    LOCK_TIMEOUT,
    STATEMENT_TIMEOUT,
    TCP_PARAMETERS,
    LimitedConnection,
    LimitedCursor,
    TimeLimit,
    server_options,
)
from lookout.errors import SourceError
from lookout.masking import mask_secrets, remember_secrets
from lookout.plain import plain

BRIEFLY = 2.0
# The parameters of a connection that may be shown; whatever else there is counts as secret.
SHOWN = frozenset(
    {
        *("host", "hostaddr", "port", "user", "dbname", "role", "search_path", "options", "application_name"),
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout", "keepalives_idle", "keepalives"),
        *("keepalives_interval", "keepalives_count", "tcp_user_timeout", "target_session_attrs", "service", "passfile"),
        *("channel_binding", "gssencmode", "krbsrvname", "sslcrl", "client_encoding", "fallback_application_name"),
    }
)

# Errors whose text holds a value that is not in quotes.
VALUE_ERRORS = {
    "22021": "a text cannot be decoded",
    "22P05": "a text cannot be decoded",
    "P0001": "a function raised an exception",
}


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
    connect_timeout: int = CONNECT_TIMEOUT,
    hang_grace: float = HANG_GRACE,
    time_limit: TimeLimit | None = None,
) -> LimitedConnection:
    """Open one connection in UTC, on which nothing waits without end; this is the only place that opens one.

    Timeouts are in seconds, by default those of `limits`. A server that has not answered ``hang_grace`` after the
    statement timeout, or when ``time_limit`` is over, is hung up on. Raises SourceError without any secret in it.
    """
    if connection.problem:
        raise SourceError(connection.problem)
    statement = statement_timeout or STATEMENT_TIMEOUT
    # What is not named would come from PGHOSTADDR, which goes before the host, and PGPORT.
    unnamed = {"connect_timeout": connect_timeout, "hostaddr": "", "port": 5432}
    parameters = {**unnamed, **_tcp_parameters(connection.parameters)}
    if time_limit is not None:
        time_limit.check()
        # One second is taken for none, which is no limit.
        parameters["connect_timeout"] = max(2, int(min(parameters["connect_timeout"], time_limit.remaining)))
    role, search_path = parameters.pop("role", None), parameters.pop("search_path", None)
    limits = server_options(statement, lock_timeout or LOCK_TIMEOUT)
    try:
        handle: LimitedConnection = psycopg2.connect(
            **parameters,
            application_name=application,
            client_encoding="UTF8",
            options=f"-c TimeZone=UTC -c client_min_messages=warning {limits}",
            connection_factory=LimitedConnection,
            cursor_factory=LimitedCursor,
        )
    except psycopg2.Error as error:
        raise SourceError(f"Cannot connect to {connection.location}: {clean_message(error)}") from error
    handle.patience, handle.time_limit = statement + hang_grace, time_limit
    handle.opener = partial(connect_briefly, connection)
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


def connect_briefly(connection: Connection) -> LimitedConnection:
    """Open a connection for one short statement, with limits of seconds. Raises SourceError."""
    parameters = {key: value for key, value in connection.parameters.items() if key != "connect_timeout"}
    return connect(
        replace(connection, parameters=parameters),
        application="lookout cancel",
        statement_timeout=BRIEFLY,
        lock_timeout=BRIEFLY,
        connect_timeout=int(BRIEFLY),
        hang_grace=1.0,
    )


def _tcp_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return libpq's keywords with limits where the profile has none; to dbt and libpq, 0 is none."""
    unset = {name for name in ("connect_timeout", *TCP_PARAMETERS) if name in parameters and not int(parameters[name])}
    return {**TCP_PARAMETERS, **{name: value for name, value in parameters.items() if name not in unset}}


def clean_message(error: BaseException) -> str:
    """Return the first line of a database error without connection strings, passwords, values of rows or line noise."""
    text = plain(mask_secrets(_without_values(error)))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".") + "."


def _without_values(error: BaseException) -> str:
    """Return the text of an error without the values that PostgreSQL quotes when it cannot work with one."""
    if not isinstance(error, (psycopg2.DataError, psycopg2.InternalError, psycopg2.IntegrityError)):
        return str(error)
    if error.pgcode == "22023":  # the value of a setting, such as a role's name, and not of a row
        return str(error)
    if error.pgcode in VALUE_ERRORS:
        return VALUE_ERRORS[error.pgcode]
    # Up to the last quote, for a value may hold quotes and line breaks itself.
    return re.sub('".*"|".*', '"…"', error.diag.message_primary or str(error), flags=re.DOTALL)
