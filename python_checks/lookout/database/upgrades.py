"""Rows of an older version or server: dbt adds columns; keys are renamed, a column of another type is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lookout.database.sql_files import read_sql
from lookout.database.store import Store
from lookout.errors import ConfigError

OTHER_TYPES = """
select
    wanted.table_name,
    wanted.column_name,
    format_type(pg_attribute.atttypid, pg_attribute.atttypmod) as found_type,
    wanted.data_type
from unnest(%s::text[], %s::text[], %s::text[]) as wanted (table_name, column_name, data_type)
inner join pg_catalog.pg_namespace on pg_namespace.nspname = %s
inner join pg_catalog.pg_class
    on pg_class.relnamespace = pg_namespace.oid and pg_class.relname = wanted.table_name
inner join pg_catalog.pg_attribute
    on pg_attribute.attrelid = pg_class.oid and pg_attribute.attname = wanted.column_name
where pg_attribute.atttypid <> wanted.data_type::regtype
order by wanted.table_name, pg_attribute.attnum
limit 1
"""


def refuse_other_types(store: Store, landing: Iterable[Mapping[str, Any]]) -> None:
    """Raise ConfigError for a landing table that holds a column in another type than this version writes.

    ``landing`` are the nodes of the landing tables in dbt's manifest. What is stored is never converted unasked.
    """
    wanted = [
        (str(node["alias"]), name, str(column["data_type"]))
        for node in landing
        for name, column in node["columns"].items()
    ]
    tables, names, types = ([row[position] for row in wanted] for position in range(3))
    found = store.query(OTHER_TYPES, (tables, names, types, store.schema))
    if found.empty:
        return
    row = found.iloc[0]
    raise ConfigError(
        f"Column {row['column_name']} of {store.schema}.{row['table_name']} is of type {row['found_type']}, and this "
        f"version of Lookout writes {row['data_type']}: convert it with `alter table`, or rename the table so that a "
        "new one is made and the old rows are kept beside it."
    )


def rename_keys(store: Store) -> int:
    """Give alerts whose keys a server before PostgreSQL 14 made today's keys, with all that was said to them.

    Returns the number of alerts. An alert is the same one after its store has moved to a newer server.
    """
    # The first run derives the table that is made last.
    if store.missing_tables(["pipeline_freshness"]):
        return 0
    return store.execute(read_sql(__package__, "rename_keys"))
