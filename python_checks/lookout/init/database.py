"""Queries about tables to the databases of a project: read-only, each with a time limit."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress

import psycopg2
from psycopg2 import sql

from lookout.database.connection import Connection, connect
from lookout.engines.catalog import CATALOG_QUERY, READABLE_KINDS, Relation, read_catalog_rows
from lookout.errors import SourceError
from lookout.init.suggest import Observed, Rate

# Connection, schema, table.
Location = tuple[str, str, str]
SECONDS_A_QUERY = 5.0
# All tables of one database together; tables not queried by then are watched by the day.
SECONDS_IN_ALL = 30.0
WEEKS = 2

SIZES = """
select pg_namespace.nspname::text, pg_class.relname::text, pg_table_size(pg_class.oid)::float8
from pg_catalog.pg_class
inner join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace
where pg_namespace.nspname = any(%(schemas)s) and pg_class.relname = any(%(tables)s)
"""

# Only the newest weeks are counted: with an index on the column, little of a large table is read.
RATE = """
with newest as (
    select max({column}) as at from {table} where {column} <= clock_timestamp()
)

select
    count(*),
    count(distinct date_trunc('hour', {column}::timestamp)),
    count(distinct {column}::date),
    extract(epoch from max({column}::timestamp) - min({column}::timestamp))::float8 / 3600
from {table}
where
    {column} > (select newest.at - make_interval(weeks => {weeks}) from newest)
    and {column} <= (select newest.at from newest)
"""


def ask_catalogs(
    locations: Iterable[Location], connections: Mapping[str, Connection]
) -> tuple[dict[Location, Observed], list[str]]:
    """Return each table's columns and size in its database, and a sentence for each database that cannot be queried."""
    by_connection: dict[str, list[tuple[str, str]]] = {}
    for name, schema, table in locations:
        by_connection.setdefault(name, []).append((schema, table))
    observed: dict[Location, Observed] = {}
    problems: list[str] = []
    for name, tables in by_connection.items():
        if name not in connections:
            problems.append(f"There is no output '{name}' in profiles.yml.")
            continue
        try:
            observed |= _catalog(connections[name], tables)
        except SourceError as error:
            problems.append(str(error))
        except psycopg2.Error:
            problems.append(f"{connections[name].location} did not say which tables it has.")
    return observed, problems


def ask_rates(columns: Mapping[Location, str], connections: Mapping[str, Connection]) -> dict[Location, Rate]:
    """Return how often rows came, by table, from its time column; tables that take too long are left out."""
    rates: dict[Location, Rate] = {}
    names = {connection for connection, _, _ in columns} & set(connections)
    for name in sorted(names):
        deadline = time.monotonic() + SECONDS_IN_ALL
        with suppress(SourceError), closing(_open(connections[name])) as handle:
            for location, column in columns.items():
                if location[0] != name or time.monotonic() > deadline:
                    continue
                query = sql.SQL(RATE).format(
                    table=sql.Identifier(*location[1:]), column=sql.Identifier(column), weeks=sql.Literal(WEEKS)
                )
                with suppress(psycopg2.Error), handle.cursor() as cursor:
                    cursor.execute(query)
                    rows, hours_with_rows, days_with_rows, hours = cursor.fetchone() or (0, 0, 0, 0.0)
                    rates[location] = Rate(int(rows), int(hours_with_rows), int(days_with_rows), float(hours or 0.0))
    return rates


def _open(connection: Connection) -> psycopg2.extensions.connection:
    handle = connect(
        connection, application="lookout init", statement_timeout=SECONDS_A_QUERY, lock_timeout=1.0, read_only=True
    )
    # In a transaction, one failed query would end the next ones.
    handle.autocommit = True
    return handle


def _catalog(connection: Connection, tables: list[tuple[str, str]]) -> dict[Location, Observed]:
    names = {"schemas": [schema for schema, _ in tables], "tables": [table for _, table in tables]}
    with closing(_open(connection)) as handle, handle.cursor() as cursor:
        cursor.execute(CATALOG_QUERY, names)
        found = read_catalog_rows(cursor.fetchall())
        sizes: dict[tuple[str, str], float] = {}
        # A table that somebody is altering has no size for now.
        with suppress(psycopg2.Error):
            cursor.execute(SIZES, names)
            sizes = {(schema, table): size for schema, table, size in cursor.fetchall()}
    return {
        (connection.name, *table): Observed(_readable(relation), sizes.get(table, 0.0))
        for table, relation in found.items()
    }


def _readable(relation: Relation) -> dict[str, str]:
    if relation.kind not in READABLE_KINDS or not relation.is_usable:
        return {}
    return {name: kind for name, kind in relation.columns.items() if name not in relation.hidden}
