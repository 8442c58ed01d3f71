"""Empty tables in place of sources that an empty database lacks. Pure, except `create`."""

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
# Names of type families that a contract may use and PostgreSQL does not know.
FAMILIES = {
    "string": "text", "number": "numeric", "float": "double precision", "datetime": "timestamptz", "array": "text[]",
    "object": "jsonb", "timestamp_tz": "timestamptz", "double": "double precision",
}  # fmt: skip
TYPE_TEXT = re.compile(r"""^[\w\s(),."\[\]]+$""")


@dataclass(frozen=True)
class StubTable:
    """An empty table: columns as (name, PostgreSQL type)."""

    node_id: str
    name: str
    schema: str
    table: str
    columns: tuple[tuple[str, str], ...]


def stub_table(source: Mapping[str, Any], database: str) -> StubTable | str:
    """Return the empty table for a source as its YAML declares it, or the sentence that says what is missing."""
    name = f"Source {name_of(source)} ({file_of(source)})"
    columns = source.get("columns") or {}
    untyped = [str(column.get("name")) for column in columns.values() if not column.get("data_type")]
    if str(source.get("database") or database) != database:
        return f"{name} is in database {source['database']}, which the embedded server does not have: use --target."
    if not columns:
        return f"{name} declares no columns: {ADVICE}."
    if untyped:
        return f"{name} declares no data_type for {', '.join(untyped)}: {ADVICE}."
    wrong = [str(c["data_type"]) for c in columns.values() if not TYPE_TEXT.match(str(c["data_type"]))]
    if wrong:
        return f"{name} declares {wrong[0]!r}, which is no type of PostgreSQL: {ADVICE}."
    typed = tuple((_column_name(column), _type(str(column["data_type"]))) for column in columns.values())
    return StubTable(str(source["unique_id"]), name_of(source), str(source["schema"]), relation_name(source), typed)


def create(connection: Connection, tables: Iterable[StubTable]) -> dict[str, str]:
    """Create the tables. Return a sentence by node id for each that PostgreSQL refused."""
    refused: dict[str, str] = {}
    handle = connect(connection)
    try:
        handle.autocommit = True
        with handle.cursor() as cursor:
            for table in tables:
                try:
                    for statement in _statements(table):
                        cursor.execute(statement)
                except psycopg2.Error as error:
                    refused[table.node_id] = f"Source {table.name} cannot stand empty: {clean_message(error)}"
    finally:
        handle.close()
    return refused


def _statements(stub: StubTable) -> list[sql.Composable]:
    schema, table = sql.Identifier(stub.schema), sql.Identifier(stub.schema, stub.table)
    # A type cannot be a query parameter; `stub_table` has matched its text against TYPE_TEXT.
    columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in stub.columns]
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
