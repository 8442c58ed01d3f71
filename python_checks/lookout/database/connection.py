"""Connections to PostgreSQL; their errors hold no secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import extensions

from lookout.errors import SourceError
from lookout.plain import plain

# A key that names a secret, the sign after it, and the value: quoted, or up to the next space.
SECRET_PAIR = re.compile(
    r"""(password|pass|pwd|token|secret)(["']?\s*[=:]\s*)('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|[^\s,;}]+)""",
    flags=re.IGNORECASE,
)

# Errors whose text holds a value that is not in quotes.
VALUE_ERRORS = {
    "22021": "a text cannot be decoded",
    "22P05": "a text cannot be decoded",
    "P0001": "a function raised an exception",
}


@dataclass(frozen=True)
class Connection:
    """One output of profiles.yml. ``parameters`` holds libpq keywords and is never printed: it may hold a password."""

    name: str
    parameters: Mapping[str, Any] = field(repr=False)

    @property
    def location(self) -> str:
        """Return the location of the database, safe to print: ``name (host:port/dbname)``."""
        p = self.parameters
        return f"{self.name} ({p.get('host', 'localhost')}:{p.get('port', 5432)}/{p.get('dbname', '')})"


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
    parameters = {"connect_timeout": connect_timeout, **connection.parameters}
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


def mask_secrets(text: str) -> str:
    """Replace passwords in connection strings and keyword pairs by three stars."""
    text = re.sub(r"://([^:/@\s]+):[^/\s]*@", r"://\1:***@", text)
    return SECRET_PAIR.sub(r"\1\2***", text)
