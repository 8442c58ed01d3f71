"""Empty tables that stand in for sources which an empty database lacks. Pure, but for `create`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql

from lookout.database.connection import Connection, clean_message, connect
from lookout.project.declarations.nodes import file_of, name_of, relation_name

ADVICE = "declare every column with its data_type, or build where the table is (--target)"
# Words for a family of types, which a contract may use and PostgreSQL does not know.
FAMILIES = {
    "string": "text", "number": "numeric", "float": "double precision", "datetime": "timestamptz", "array": "text[]",
    "object": "jsonb", "timestamp_tz": "timestamptz", "double": "double precision",
}  # fmt: skip
TYPE_TEXT = re.compile(r"""^[\w\s(),."\[\]]+$""")


@dataclass(frozen=True)
class StandIn:
    """An empty table: columns as (name, PostgreSQL type)."""

    node_id: str
    name: str
    schema: str
    table: str
    columns: tuple[tuple[str, str], ...]


def stand_in(source: Mapping[str, Any], database: str) -> StandIn | str:
    """The empty table for a source as its YAML declares it, or the sentence that says what is missing."""
    said = f"Source {name_of(source)} ({file_of(source)})"
    columns = source.get("columns") or {}
    untyped = [str(column.get("name")) for column in columns.values() if not column.get("data_type")]
    if str(source.get("database") or database) != database:
        return f"{said} is in database {source['database']}, which the embedded server does not have: use --target."
    if not columns:
        return f"{said} declares no columns: {ADVICE}."
    if untyped:
        return f"{said} declares no data_type for {', '.join(untyped)}: {ADVICE}."
    wrong = [str(c["data_type"]) for c in columns.values() if not TYPE_TEXT.match(str(c["data_type"]))]
    if wrong:
        return f"{said} declares {wrong[0]!r}, which is no type of PostgreSQL: {ADVICE}."
    typed = tuple((_column_name(column), _type(str(column["data_type"]))) for column in columns.values())
    return StandIn(str(source["unique_id"]), name_of(source), str(source["schema"]), relation_name(source), typed)


def create(connection: Connection, tables: Iterable[StandIn]) -> dict[str, str]:
    """Create the tables; returns a sentence by node id for each that PostgreSQL refused."""
    refused: dict[str, str] = {}
    handle = connect(connection)
    try:
        handle.autocommit = True
        with handle.cursor() as cursor:
            for one in tables:
                try:
                    for statement in _statements(one):
                        cursor.execute(statement)
                except psycopg2.Error as error:
                    refused[one.node_id] = f"Source {one.name} cannot stand empty: {clean_message(error)}"
    finally:
        handle.close()
    return refused


def _statements(one: StandIn) -> list[sql.Composable]:
    schema, table = sql.Identifier(one.schema), sql.Identifier(one.schema, one.table)
    # A type cannot be a parameter; its text has been held against what types are written in.
    columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in one.columns]
    return [
        sql.SQL("create schema if not exists {}").format(schema),
        sql.SQL("create table if not exists {} ({})").format(table, sql.SQL(", ").join(columns)),
    ]


def _column_name(column: Mapping[str, Any]) -> str:
    name = str(column["name"])
    # Without quotes PostgreSQL reads names in lower case.
    return name if column.get("quote") else name.lower()


def _type(text: str) -> str:
    return FAMILIES.get(text.strip().lower(), text.strip())
