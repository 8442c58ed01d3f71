"""`lookout db link`: other databases as foreign schemas, so that dbt's own tests and docs cover them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg2
from psycopg2 import extensions, sql

from lookout.database.connection import Connection, clean_message, connect
from lookout.declarations import read_declarations
from lookout.errors import ConfigError, SourceError
from lookout.project.workspace import Workspace

SERVER_OPTIONS = ("host", "port", "dbname", "sslmode", "sslrootcert")


def link_sources(workspace: Workspace, names: Sequence[str] | None = None) -> Iterator[str]:
    """Import every dbt source of another output into its schema of the warehouse; yield a sentence for each.

    Linking again brings the foreign tables up to date. Raises ConfigError for an unknown output and SourceError when
    the warehouse refuses.
    """
    outputs, warehouse = workspace.connections, workspace.home.warehouse
    unknown = sorted(set(names or ()) - set(outputs))
    if unknown:
        raise ConfigError(f"The profile has no output '{unknown[0]}'; it has: {', '.join(sorted(outputs))}.")
    wanted = [s for s in _remote_sources(workspace) if names is None or s["connection"] in names]
    if not wanted:
        yield "Nothing to link: no dbt source of this project lives in another database."
    handle = connect(warehouse, application="lookout link")
    try:
        for name in sorted({s["connection"] for s in wanted}):
            schemas: dict[tuple[str, str], set[str]] = {}
            for source in wanted:
                if source["connection"] == name:
                    schemas.setdefault((source["schema"], source["remote"]), set()).add(source["table"])
            try:
                # One transaction a database: all of its tables are linked again, or none.
                with handle, handle.cursor() as cursor:
                    _create_server(cursor, outputs[name])
                    for (schema, remote), tables in sorted(schemas.items()):
                        _link(cursor, outputs[name], schema, remote, sorted(tables))
            except psycopg2.Error as error:
                raise SourceError(f"{warehouse.location} could not link {name}: {clean_message(error)}") from error
            for (schema, remote), tables in sorted(schemas.items()):
                yield f"{schema}: {len(tables)} tables of {remote} in {name}"
    finally:
        handle.close()


def _remote_sources(workspace: Workspace) -> Iterator[dict[str, str]]:
    project = workspace.watched_project
    watched = {m.node_id: m for m in read_declarations(workspace).checked().monitors}
    home = project.default_connection
    by_schema = {
        node["schema"]: watched[node_id] for node_id, node in project.manifest["sources"].items() if node_id in watched
    }
    for node in project.manifest["sources"].values():
        # A table that is not watched is in the database of the watched tables of its schema.
        monitor = watched.get(node["unique_id"]) or by_schema.get(node["schema"])
        if monitor is not None and monitor.connection != home:
            yield {
                "connection": monitor.connection,
                "schema": node["schema"],
                "remote": monitor.schema,
                "table": monitor.table if node["unique_id"] in watched else node["identifier"],
            }


def _create_server(cursor: extensions.cursor, source: Connection) -> None:
    """Create the foreign server of a database again; tables imported through the old one are dropped with it."""
    parameters: Mapping[str, Any] = source.parameters
    server = _server_name(source)
    cursor.execute("create extension if not exists postgres_fdw")
    cursor.execute(sql.SQL("drop server if exists {} cascade").format(server))
    options = [(k, parameters[k]) for k in SERVER_OPTIONS if parameters.get(k)]
    options += [("fetch_size", "10000"), ("use_remote_estimate", "false"), ("updatable", "false")]
    cursor.execute(
        sql.SQL("create server {} foreign data wrapper postgres_fdw options ({})").format(server, _options(options))
    )
    login = [("user", parameters.get("user", "postgres"))]
    has_password = bool(parameters.get("password"))
    login.append(("password", parameters["password"]) if has_password else ("password_required", "false"))
    cursor.execute(
        sql.SQL("create user mapping for current_user server {} options ({})").format(server, _options(login))
    )


def _link(cursor: extensions.cursor, source: Connection, schema: str, remote: str, tables: Sequence[str]) -> None:
    cursor.execute("select 1 from pg_catalog.pg_namespace where nspname = %s", (schema,))
    if cursor.fetchone() is None:
        # Not `if not exists`, which needs the right to create schemas even when the schema is there.
        cursor.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    for table in tables:
        cursor.execute(sql.SQL("drop foreign table if exists {}").format(sql.Identifier(schema, table)))
    cursor.execute(
        sql.SQL("import foreign schema {} limit to ({}) from server {} into {}").format(
            sql.Identifier(remote),
            sql.SQL(", ").join(map(sql.Identifier, tables)),
            _server_name(source),
            sql.Identifier(schema),
        )
    )
    # PostgreSQL ignores tables that do not exist.
    cursor.execute(
        "select foreign_table_name from information_schema.foreign_tables where foreign_table_schema = %s", (schema,)
    )
    missing = sorted(set(tables) - {name for (name,) in cursor.fetchall()})
    if missing:
        raise SourceError(
            f"{source.location} has no table '{missing[0]}' in schema '{remote}' to link; correct its name."
        )


def _server_name(source: Connection) -> sql.Identifier:
    return sql.Identifier(f"lookout_{source.name}")


def _options(pairs: Sequence[tuple[str, Any]]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(k), sql.Literal(str(v))) for k, v in pairs)
