"""What a role may do in one database, held against what Lookout needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2 import extensions

# Tables that do not exist say nothing about rights: collecting tells of them.
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

# A schema that is not there yet is made by whoever may create schemas.
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

ROLE_QUERY = """
select current_user::text, rolsuper, has_database_privilege(current_database(), 'temporary')
from pg_catalog.pg_roles
where rolname = current_user
"""
MOST_NAMES = 5


@dataclass(frozen=True)
class Rights:
    """What a user lacks and what it could do without; tables are ``schema.table``."""

    user: str
    is_superuser: bool
    is_writer: bool
    may_copy: bool
    unreadable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()

    @property
    def lacks(self) -> str:
        """What is missing, as the rest of a sentence that begins with "may not"; empty when nothing is."""
        parts = [f"read {_names(self.unreadable)}"] if self.unreadable else []
        parts += [f"create tables in schema {_names(self.closed)}"] if self.closed else []
        parts += ["create temporary tables"] if self.is_writer and not self.may_copy else []
        return " and may not ".join(parts)

    @property
    def excess(self) -> str:
        """What is more than enough, as the rest of a sentence about the user; empty when nothing is."""
        if self.is_superuser:
            return "is a superuser"
        return f"may write to {_names(self.writable)}" if self.writable else ""


def read_rights(cursor: extensions.cursor, tables: Sequence[tuple[str, str]], schemas: Sequence[str] = ()) -> Rights:
    """Rights of the current user on tables that it reads, and on schemas that it writes to if it is a writer."""
    cursor.execute(ROLE_QUERY)
    user, is_superuser, may_copy = cursor.fetchone() or ("", False, False)
    wanted = {"schemas": [schema for schema, _ in tables], "tables": [table for _, table in tables]}
    cursor.execute(TABLES_QUERY, wanted)
    found = cursor.fetchall()
    cursor.execute(SCHEMAS_QUERY, {"schemas": list(schemas)})
    return Rights(
        str(user), bool(is_superuser), bool(schemas), bool(may_copy),
        tuple(name for name, may_read, _ in found if not may_read),
        tuple(name for name, _, may_write in found if may_write),
        tuple(name for (name,) in cursor.fetchall()),
    )  # fmt: skip


def _names(names: Sequence[str]) -> str:
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")
