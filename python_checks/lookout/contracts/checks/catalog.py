"""The catalog entries of all tables of a database that have a contract, read in one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lookout.contracts.spec.model import ObservedColumn, ObservedTable
from lookout.database.sql_files import read_sql

Ask = Callable[..., Sequence[Sequence[Any]]]

# Takes arrays of schemas and tables and returns one row per table. Everybody may read the catalogs, so it also covers
# tables that may not be read. The planner assumes a hundred rows for the arrays, whatever their length; the joins use
# indexes, so that does no harm. PostgreSQL 13 to 18:
# - a domain may be based on a domain, and either may forbid nulls;
# - from 18 on a column may be marked not null before its rows have been checked (a constraint that is not valid);
# - a partitioned table's unique index is valid only when every partition has its part of it.
CATALOG_QUERY = read_sql(__package__, "observed_tables")


def observe(ask: Ask, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], ObservedTable]:
    """Return every wanted table by (schema, table), with ``kind`` None for those that do not exist.

    ``ask(query, parameters)`` is ``Session.fetch_rows``; its errors are not caught.
    """
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    names = {"schemas": [schema for schema, _ in pairs], "tables": [table for _, table in pairs]}
    return {(str(row[0]), str(row[1])): _table(row) for row in ask(CATALOG_QUERY, names)}


def _table(row: Sequence[Any]) -> ObservedTable:
    _, _, kind, schema_exists, is_usable, *columns, keys, primary_key = row
    described = zip(*columns, strict=True) if columns[0] is not None else ()
    return ObservedTable(
        kind=kind,
        schema_exists=schema_exists,
        is_usable=is_usable,
        columns=tuple(ObservedColumn(*column) for column in described),
        unique_keys=frozenset(frozenset(key) for key in keys or ()),
        primary_key=tuple(primary_key or ()),
    )
