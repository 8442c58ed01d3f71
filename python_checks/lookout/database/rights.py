"""The rights of a role in one database, compared with what Lookout needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2 import extensions

# Tables that do not exist are left out: collecting reports them.
TABLES_QUERY = """
with wanted as (
    select * from unnest(%(schemas)s::text[], %(tables)s::text[]) as wanted (schema_name, table_name)
)

select
    wanted.schema_name || '.' || wanted.table_name as name,
    has_schema_privilege(pg_namespace.oid, 'usage')
    and has_any_column_privilege(pg_class.oid, 'select') as may_read,
    has_table_privilege(pg_class.oid, 'insert, update, delete, truncate')
    or has_any_column_privilege(pg_class.oid, 'insert, update') as may_write
from wanted
inner join pg_catalog.pg_namespace on pg_namespace.nspname = wanted.schema_name
inner join pg_catalog.pg_class
    on pg_class.relnamespace = pg_namespace.oid
    and pg_class.relname = wanted.table_name
order by 1
"""

# A missing schema can be created by a user who may create schemas in the database.
SCHEMAS_QUERY = """
select wanted.name
from unnest(%(schemas)s::text[]) as wanted (name)
left join pg_catalog.pg_namespace on pg_namespace.nspname = wanted.name
where not coalesce(
    has_schema_privilege(pg_namespace.oid, 'usage') and has_schema_privilege(pg_namespace.oid, 'create'),
    has_database_privilege(current_database(), 'create')
)
order by 1
"""

# Only the owner of a table, or a member of it, can build it anew.
OWNERS_QUERY = """
with wanted as (
    select * from unnest(%(schemas)s::text[], %(tables)s::text[]) as wanted (schema_name, table_name)
)

select wanted.schema_name || '.' || wanted.table_name as name
from wanted
inner join pg_catalog.pg_namespace on pg_namespace.nspname = wanted.schema_name
inner join pg_catalog.pg_class
    on pg_class.relnamespace = pg_namespace.oid
    and pg_class.relname = wanted.table_name
where not pg_has_role(pg_class.relowner, 'usage')
order by 1
"""

ROLE_QUERY = """
select current_user::text, rolsuper, has_database_privilege(current_database(), 'temporary')
from pg_catalog.pg_roles
where rolname = current_user
"""
MOST_NAMES = 5

Table = tuple[str, str]


@dataclass(frozen=True)
class Rights:
    """Rights that a user lacks, and rights that it does not need; tables are ``schema.table``.

    ``locked`` is the monitoring schema if the user may not create tables in it; ``closed`` are schemas of the models
    and ``foreign`` existing models that the user cannot build.
    """

    user: str
    is_superuser: bool
    is_writer: bool
    may_copy: bool
    unreadable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    locked: str = ""
    closed: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def lacks(self) -> str:
        """Return the missing rights as the rest of a sentence that begins with "may not"; empty when there are none."""
        parts = [f"read {_names(self.unreadable)}"] if self.unreadable else []
        parts += [f"create tables in schema {self.locked}"] if self.locked else []
        parts += ["create temporary tables"] if self.is_writer and not self.may_copy else []
        return " and may not ".join(parts)

    @property
    def unbuildable(self) -> str:
        """Return why the user cannot run ``dbt build``, as the rest of a sentence about it; empty when it can."""
        parts = [f"may not create tables in schema {_names(self.closed)}"] if self.closed else []
        parts += [f"does not own {_names(self.foreign)}"] if self.foreign else []
        return " and ".join(parts)

    @property
    def excess(self) -> str:
        """Return the needless rights, as the rest of a sentence about the user; empty when there are none."""
        if self.is_superuser:
            return "is a superuser"
        return f"may write to {_names(self.writable)}" if self.writable else ""


def read_rights(
    cursor: extensions.cursor,
    tables: Sequence[Table],
    *,
    monitoring: str = "",
    builds: Sequence[str] = (),
    models: Sequence[Table] = (),
) -> Rights:
    """Read the rights of the current user on the tables it reads and, if it is a writer, on what it builds."""
    cursor.execute(ROLE_QUERY)
    user, is_superuser, may_copy = cursor.fetchone() or ("", False, False)
    cursor.execute(TABLES_QUERY, _arrays(tables))
    found = cursor.fetchall()
    cursor.execute(SCHEMAS_QUERY, {"schemas": [monitoring, *builds] if monitoring else []})
    closed = [str(name) for (name,) in cursor.fetchall()]
    cursor.execute(OWNERS_QUERY, _arrays(models))
    return Rights(
        str(user),
        bool(is_superuser),
        bool(monitoring),
        bool(may_copy),
        tuple(name for name, may_read, _ in found if not may_read),
        tuple(name for name, _, may_write in found if may_write),
        monitoring if monitoring in closed else "",
        tuple(name for name in closed if name != monitoring),
        tuple(name for (name,) in cursor.fetchall()),
    )


def _arrays(tables: Sequence[Table]) -> dict[str, list[str]]:
    return {"schemas": [schema for schema, _ in tables], "tables": [table for _, table in tables]}


def _names(names: Sequence[str]) -> str:
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")
