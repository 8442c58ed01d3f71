"""Tables of addresses and edges: what is stored, and the changes that a declaration makes in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from psycopg2 import extensions, sql

from lookout.database.connection import Connection
from lookout.database.store import ErrorTranslation, Store
from lookout.tracking.model import Address

Edge = tuple[str, str, str]  # pipeline, source address, target address
LINEAGE_LOCK = 1_818_848_613
ADDRESS_FIELDS: Mapping[str, str] = {
    "address_id": "text", "name": "text", "address_type": "text", "database_name": "text", "schema_name": "text",
    "table_name": "text", "primary_key": "text", "address_metadata": "jsonb", "node_id": "text", "owner": "text",
    "input_hash": "text",
}  # fmt: skip


class HasHandle(Protocol):
    """An open connection to a monitoring schema, as the execution store has one."""

    schema: str

    @property
    def connection(self) -> Connection: ...

    @property
    def handle(self) -> extensions.connection: ...


Database = Store | HasHandle


@dataclass(frozen=True)
class Stored:
    """An address as stored. ``is_shared``: another pipeline than the one being declared has it in its lineage."""

    input_hash: str
    node_id: str
    is_active: bool
    is_shared: bool = False

    @property
    def is_of_dbt(self) -> bool:
        """Return whether dbt's manifest describes it, which no pipeline overrules."""
        return self.is_active and bool(self.node_id)


@dataclass(frozen=True)
class Changes:
    """Changes that make the stored lineage equal to the declared one."""

    written: Sequence[Address] = ()
    revived: Collection[str] = ()
    gone: Collection[str] = ()
    added: Collection[Edge] = ()
    removed: Collection[Edge] = ()

    def __bool__(self) -> bool:
        return any((self.written, self.revived, self.gone, self.added, self.removed))


class Writer:
    """A cursor within one transaction on the lineage tables of a schema."""

    def __init__(self, cursor: extensions.cursor, schema: str) -> None:
        self.cursor, self.schema = cursor, schema

    def run(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> int:
        """Run a statement, with ``{schema}`` for the monitoring schema. Return the number of affected rows."""
        self.cursor.execute(self._named(statement), parameters)
        return self.cursor.rowcount

    def rows(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        self.run(statement, parameters)
        return self.cursor.fetchall()

    def copy(self, table: str, pieces: Iterable[bytes]) -> int:
        """COPY a stream in PostgreSQL's binary format into a table. Return the number of rows written."""
        self.cursor.copy_expert(self._named(f"copy {table} from stdin (format binary)"), _Reader(pieces))
        return self.cursor.rowcount

    def _named(self, statement: str) -> str:
        return statement.replace("{schema}", '"' + self.schema.replace('"', '""') + '"')


class _Reader:
    """File for COPY to read from, made of pieces as they come."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._rest = iter(pieces), memoryview(b"")

    def readline(self, size: int = -1) -> bytes:
        """Return the next bytes. The driver's type needs this method and never calls it: the format has no lines."""
        return self.read(size)

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        part, self._rest = self._rest[:size], self._rest[size:]
        return bytes(part)


@contextmanager
def transaction(database: Database, *, lock: bool = True) -> Iterator[Writer]:
    """Run one transaction on a connection; ``lock`` keeps other writers of lineage out until its end.

    Raises SourceError when the database does not answer, ConfigError when the tables are missing.
    """
    handle = database._handle if isinstance(database, Store) else database.handle
    with ErrorTranslation("read or write lineage", database.connection), handle, handle.cursor() as cursor:
        writer = Writer(cursor, database.schema)
        if lock:
            writer.run("select pg_advisory_xact_lock(%s, hashtext(%s))", (LINEAGE_LOCK, database.schema))
        yield writer


def stored_addresses(
    writer: Writer, wanted: Sequence[str], pipeline: str = "", *, dbt: bool = False
) -> dict[str, Stored]:
    """Return the wanted addresses by id; ``dbt`` adds all that a manifest ever described."""
    found = writer.rows(
        """
        select address_id, coalesce(input_hash, ''), coalesce(node_id, ''), is_active, exists (
            select from {schema}.address_lineage as e
            where e.source_address_id = a.address_id and e.pipeline_id <> %(pipeline)s
        ) or exists (
            select from {schema}.address_lineage as e
            where e.target_address_id = a.address_id and e.pipeline_id <> %(pipeline)s
        )
        from {schema}.addresses as a where address_id = any(%(wanted)s) or (%(dbt)s and node_id <> '')
        """,
        {"wanted": list(wanted), "pipeline": pipeline, "dbt": dbt},
    )
    return {row[0]: Stored(*row[1:]) for row in found}


def stored_edges(writer: Writer, pipelines: Sequence[str]) -> set[Edge]:
    """Return the edges that these pipelines have declared."""
    rows = writer.rows(
        "select pipeline_id, source_address_id, target_address_id from {schema}.address_lineage "
        "where pipeline_id = any(%s)",
        (list(pipelines),),
    )
    return {(pipeline, source, target) for pipeline, source, target in rows}


def write_addresses(writer: Writer, changes: Changes, at: datetime) -> None:
    """Insert or update addresses and their types; the default group never replaces a stored type's own."""
    types = {a.address_type: a.group_name for a in changes.written}
    # Sorted, so that writers without the lock take row locks in one order and cannot deadlock.
    writer.run(
        """
        insert into {schema}.address_types as stored (name, group_name, created_at)
        select name, group_name, %(at)s
        from unnest(%(names)s::text[], %(groups)s::text[]) as declared (name, group_name)
        order by name
        on conflict (name) do update set group_name = excluded.group_name, updated_at = %(at)s
        where excluded.group_name not in ('database', stored.group_name)
        """,
        {"at": at, "names": list(types), "groups": list(types.values())},
    )
    columns = [sql.Identifier(name).as_string(writer.cursor) for name in ADDRESS_FIELDS]
    typed = ", ".join(f"{name} {kind}" for name, kind in ADDRESS_FIELDS.items())
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    writer.run(
        f"""
        insert into {{schema}}.addresses as stored ({", ".join(columns)}, is_active, created_at)
        select {", ".join(columns)}, true, %s from jsonb_to_recordset(%s) as declared ({typed}) order by address_id
        on conflict (address_id) do update set {updates}, is_active = true, updated_at = excluded.created_at
        """,  # noqa: S608
        (at, json.dumps([_address_row(a) for a in changes.written], ensure_ascii=False)),
    )


def write_edges(writer: Writer, changes: Changes, at: datetime) -> None:
    """Delete the removed edges and insert the added ones."""
    if changes.removed:
        writer.run(
            """
            delete from {schema}.address_lineage as e
            using unnest(%s::text[], %s::text[], %s::text[]) as changed (pipeline, source, target)
            where (e.pipeline_id, e.source_address_id, e.target_address_id) = (pipeline, source, target)
            """,
            _columns(changes.removed),
        )
    if changes.added:
        writer.run(
            """
            insert into {schema}.address_lineage (pipeline_id, source_address_id, target_address_id, declared_at)
            select pipeline, source, target, %s
            from unnest(%s::text[], %s::text[], %s::text[]) as changed (pipeline, source, target)
            on conflict (pipeline_id, source_address_id, target_address_id) do nothing
            """,
            [at, *_columns(changes.added)],
        )


def _columns(edges: Collection[Edge]) -> list[Any]:
    """Return the edges as three lists: pipelines, sources and targets."""
    return [list(column) for column in zip(*sorted(edges), strict=True)]


def write_activity(writer: Writer, changes: Changes, at: datetime) -> None:
    """Activate addresses that are declared again, deactivate those that no edge and no manifest names now."""
    if changes.revived:
        writer.run(
            "update {schema}.addresses set is_active = true, updated_at = %s where address_id = any(%s)",
            (at, list(changes.revived)),
        )
    ends = {end for _, source, target in changes.removed for end in (source, target)}
    candidates = list({*changes.gone, *ends})
    if candidates:
        writer.run(
            """
            with candidates as (
                select a.address_id, exists (
                    select from {schema}.address_lineage as e where e.source_address_id = a.address_id
                ) or exists (
                    select from {schema}.address_lineage as e where e.target_address_id = a.address_id
                ) as is_declared
                from {schema}.addresses as a
                where a.address_id = any(%(candidates)s) and a.is_active
                    and (coalesce(a.node_id, '') = '' or a.address_id = any(%(gone)s))
            )
            update {schema}.addresses as a
            -- An address that a pipeline still declares stays active, without its dbt node.
            set is_active = candidates.is_declared,
                node_id = case when candidates.is_declared then '' else a.node_id end,
                updated_at = %(at)s
            from candidates
            where a.address_id = candidates.address_id and (not candidates.is_declared or a.node_id <> '')
            """,
            {"candidates": candidates, "gone": list(changes.gone), "at": at},
        )


def _address_row(address: Address) -> dict[str, Any]:
    fields = {name: getattr(address, name) for name in ADDRESS_FIELDS}
    return {**fields, "address_metadata": dict(address.address_metadata) or None}
