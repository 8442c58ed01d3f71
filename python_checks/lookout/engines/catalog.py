"""The catalog of a watched database: its tables, columns, types, and what may be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal[
    "ok",
    "empty",
    "source_unreachable",
    "missing_table",
    "missing_column",
    "wrong_type",
    "permission_denied",
    "timeout",
    "error",
]

# Everything a run needs to know about the tables of one database, in one statement: (schema, table) arrays in, one
# row per wanted table out. The catalogs are readable by everybody, so this also finds what may not be read.
CATALOG_QUERY = """
with wanted as (
    select * from unnest(%(schemas)s::text[], %(tables)s::text[]) as wanted (schema_name, table_name)
)

select
    wanted.schema_name,
    wanted.table_name,
    pg_namespace.oid is not null as schema_exists,
    coalesce(has_schema_privilege(pg_namespace.oid, 'usage'), false) as is_usable,
    pg_class.relkind::text,
    array_agg(pg_attribute.attname::text order by pg_attribute.attnum) as column_names,
    array_agg(coalesce(base.typname, pg_type.typname)::text order by pg_attribute.attnum) as column_types,
    array_agg(
        has_column_privilege(pg_class.oid, pg_attribute.attnum, 'select') order by pg_attribute.attnum
    ) as readable
from wanted
left join pg_catalog.pg_namespace on pg_namespace.nspname = wanted.schema_name
left join pg_catalog.pg_class
    on pg_class.relnamespace = pg_namespace.oid
    and pg_class.relname = wanted.table_name
left join pg_catalog.pg_attribute
    on pg_attribute.attrelid = pg_class.oid
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
left join pg_catalog.pg_type on pg_type.oid = pg_attribute.atttypid
left join pg_catalog.pg_type as base on base.oid = nullif(pg_type.typbasetype, 0)
group by 1, 2, 3, 4, 5
"""

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
