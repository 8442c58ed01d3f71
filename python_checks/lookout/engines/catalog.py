"""The catalog of a watched database: its tables, columns, types, and what may be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lookout.database.sql_files import read_sql

Status = Literal[
    "ok",
    "empty",
    "source_unreachable",
    "missing_table",
    "missing_column",
    "wrong_type",
    "permission_denied",
    "timeout",
    "wrong_setting",
    "error",
]

# Everything a run needs to know about the tables of one database, in one statement: (schema, table) arrays in, one
# row per wanted table out. The catalogs are readable by everybody, so this also finds what may not be read.
CATALOG_QUERY = read_sql(__package__, "wanted_tables")

# Run only when a table is missing, to suggest the name that may have been meant.
NAMES_QUERY = """
select pg_namespace.nspname::text, pg_class.relname::text
from pg_catalog.pg_class
inner join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace
where
    pg_class.relkind in ('r', 'p', 'v', 'm', 'f')
    and pg_namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by 1, 2
limit 20000
"""


@dataclass(frozen=True)
class Relation:
    """One table as the catalog describes it. ``columns`` maps names to base types, ``hidden`` may not be read."""

    kind: str | None
    schema_exists: bool = True
    is_usable: bool = True
    columns: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()


def read_catalog_rows(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, str], Relation]:
    """Return the rows of CATALOG_QUERY by (schema, table)."""
    found: dict[tuple[str, str], Relation] = {}
    for schema, table, schema_exists, is_usable, kind, names, types, readable in rows:
        columns = {name: kind_ for name, kind_ in zip(names, types, strict=True) if name is not None}
        hidden = frozenset(name for name, may in zip(names, readable, strict=True) if name is not None and not may)
        found[schema, table] = Relation(kind, schema_exists, is_usable, columns, hidden)
    return found


READABLE_KINDS = ("r", "p", "v", "m", "f")

TIME_TYPES = ("timestamptz", "timestamp", "date")

NUMBER_TYPES = ("int2", "int4", "int8", "float4", "float8", "numeric", "money", "bool", "interval")

WITHOUT_EQUALITY = ("json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle", "refcursor")
