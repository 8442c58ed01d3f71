"""Contracts and their stored history, found by the name of a table, and their exchange as YAML."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeVar

import pandas as pd
import psycopg2

from lookout.contracts.checks.catalog import observe
from lookout.contracts.exchange.suggest import suggest
from lookout.contracts.exchange.suggest_query import plan_suggestion, read_suggestion
from lookout.contracts.spec.declared import load_contracts
from lookout.contracts.spec.model import Contract
from lookout.database.connection import clean_message
from lookout.database.retries import UnreachableError
from lookout.engines.session import Session
from lookout.errors import ConfigError, SourceError
from lookout.project.declarations.monitors import load_monitors
from lookout.project.declarations.nodes import location_of, name_of, table_nodes
from lookout.project.files import read_text
from lookout.project.workspace import Workspace

T = TypeVar("T")


def read_history(workspace: Workspace, name: str) -> pd.DataFrame:
    """Return the rows of ``schema_changes`` of one table, newest first. Raises ConfigError for an unknown table."""
    workspace.locate()
    with workspace.home.store() as store:
        known = store.query("select distinct connection, asset, name from {schema}.contracts")
        wanted = name.lower()
        hits = known[(known["asset"].str.lower() == wanted) | (known["name"].str.lower() == wanted)]
        if hits.empty:
            hint = _hint(name, {*known["asset"], *known["name"]}, "run `lookout contracts` first, or correct the name.")
            raise ConfigError(f"No contract of '{name}' is known; {hint}")
        return store.query(
            "select * from {schema}.schema_changes where (connection, asset) in "
            "(select * from unnest(%s::text[], %s::text[])) order by seen_at desc, version_number desc, column_name",
            (list(hits["connection"]), list(hits["asset"])),
        )


def suggest_yaml(workspace: Workspace, name: str, *, connection: str | None = None, sample_rows: int = 100_000) -> str:
    """Return dbt YAML with a contract that a table fulfils today.

    ``name`` is a source or model of the project, or schema.table of any table in ``connection``. Raises ConfigError for
    a table that is not there and SourceError when its database does not answer.
    """
    workspace.parse()
    target = _find_target(workspace, name, connection)
    database = workspace.connections.get(target.connection)
    if database is None:
        known = ", ".join(sorted(workspace.connections))
        raise ConfigError(f"The profile has no output '{target.connection}'; it has: {known}.")
    with closing(Session(database, workspace.home.options, threading.Event())) as session:
        try:
            observed = observe(session.fetch_rows, [(target.schema, target.table)])[target.schema, target.table]
            if observed.kind is None:
                raise ConfigError(
                    f"There is no table {target.schema}.{target.table} in {database.location}: correct the name."
                )
            plan = plan_suggestion(target.schema, target.table, observed, sample_rows)
            rows = [] if plan is None else session.fetch_rows(plan)
        except UnreachableError as error:
            raise SourceError(str(error)) from error
        except psycopg2.Error as error:
            raise SourceError(f"{database.location} did not answer: {clean_message(error)}") from error
    is_remote = target.connection != workspace.watched_project.default_connection
    return suggest(
        target.name,
        observed,
        read_suggestion(observed, rows, sample_rows),
        schema=target.schema,
        table=target.table,
        connection=target.connection if is_remote else "",
        is_model=target.is_model,
    )


def find_contract(workspace: Workspace, name: str) -> Contract:
    """Return the contract of a table, by the name of its source or model or as schema.table. Raises ConfigError."""
    workspace.parse()
    contracts = _load(workspace, load_contracts)
    wanted = name.lower()
    for contract in contracts:
        if wanted in (contract.name.lower(), contract.asset.lower()):
            return contract
    names = {contract.name for contract in contracts} | {contract.asset for contract in contracts}
    hint = _hint(name, names, "add `contract: true` to its meta.lookout.")
    raise ConfigError(f"The project has no contract of '{name}'; {hint}")


def export_odcs(workspace: Workspace, name: str) -> str:
    """Return a contract as YAML of the Open Data Contract Standard."""
    from lookout.contracts.exchange.odcs import to_odcs

    contract = find_contract(workspace, name)
    limits = {(m.connection, m.asset): m.error_after or m.warn_after for m in _load(workspace, load_monitors)}
    database = workspace.connections.get(contract.connection)
    return to_odcs(
        contract,
        server=database.parameters if database else None,
        freshness=limits.get((contract.connection, contract.asset)),
    )


def import_odcs(file: Path, *, source: str, is_model: bool) -> str:
    """Return dbt YAML of a contract in the Open Data Contract Standard. Raises ConfigError."""
    from lookout.contracts.exchange.odcs_import import from_odcs

    return from_odcs(read_text(file), file=str(file), source=source, is_model=is_model)


def _load(workspace: Workspace, loader: Callable[..., tuple[T, ...]]) -> tuple[T, ...]:
    watched = workspace.watched_project
    return loader(
        watched.manifest,
        default_connection=watched.default_connection,
        known_connections=tuple(workspace.connections),
    )


class _Target(NamedTuple):
    name: str
    connection: str
    schema: str
    table: str
    is_model: bool


def _find_target(workspace: Workspace, name: str, connection: str | None) -> _Target:
    names: list[str] = []
    for node in table_nodes(workspace.watched_project.manifest):
        node_connection, schema, table = location_of(node, workspace.watched_project.default_connection)
        node_names = [name_of(node), f"{schema}.{table}"]
        names += node_names
        is_named = name.lower() in [node_name.lower() for node_name in node_names]
        if is_named and connection in (None, node_connection):
            return _Target(name_of(node), node_connection, schema, table, node.get("resource_type") != "source")
    schema, dot, table = name.partition(".")
    if not dot:
        hint = _hint(name, names, "write it as schema.table.")
        raise ConfigError(f"The project has no source or model '{name}'; {hint}")
    return _Target(name, connection or workspace.watched_project.default_connection, schema, table, False)


def _hint(name: str, known: Collection[str], otherwise: str) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean '{close[0]}'?" if close else otherwise
