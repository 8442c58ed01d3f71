"""Landing tables: let dbt create what is missing before a run writes to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookout.database.store import Store
from lookout.database.upgrades import refuse_other_types
from lookout.errors import LookoutError
from lookout.project.workspace import Workspace

LANDING = "lookout_landing"

CREATE_LANDING = ("run", "--select", "tag:lookout_landing", "+fqn:lookout.monitoring.alerts.alerts")


def ensure_landing(workspace: Workspace) -> bool:
    """Let dbt create landing tables, or columns of them, that are missing; True when it had to.

    A derive run leaves the landing tables alone, so the columns and indexes that a newer version adds come from here.
    Raises LookoutError when dbt cannot make them, and for columns whose type is not what this version writes.
    """
    with workspace.home.store() as store:
        refuse_other_types(store, _landing(workspace))
        wanted = _indexes(workspace)
        is_new = _lacks_columns(store, workspace)
        if not is_new and not store.missing_indexes(wanted):
            return False
        # Another first run may be creating them at this moment.
        store.lock()
        if _lacks_columns(store, workspace):
            _let_dbt(workspace, "create the landing tables", *CREATE_LANDING)
        if store.missing_indexes(wanted):
            _let_dbt(workspace, "add an index to a landing table", "run-operation", "lookout.add_missing_indexes")
    return is_new


def _landing(workspace: Workspace) -> list[Mapping[str, Any]]:
    nodes = workspace.home.manifest["nodes"].values()
    return [n for n in nodes if n["package_name"] == "lookout" and LANDING in n["tags"]]


def _lacks_columns(store: Store, workspace: Workspace) -> bool:
    needed = {(str(node["alias"]), column) for node in _landing(workspace) for column in node["columns"]}
    needed |= {("alert_candidates", "alert_key"), ("alerts", "alert_key")}
    found = store.query(
        """
        select pg_class.relname as table_name, pg_attribute.attname as column_name
        from pg_catalog.pg_class
        inner join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace
        inner join pg_catalog.pg_attribute on pg_attribute.attrelid = pg_class.oid
        where pg_namespace.nspname = %s and pg_attribute.attnum > 0 and not pg_attribute.attisdropped
        """,
        (store.schema,),
    )
    return not needed <= set(zip(found["table_name"], found["column_name"], strict=True))


def _indexes(workspace: Workspace) -> set[tuple[str, ...]]:
    """Indexes of the landing tables as dbt is told to make them: table and columns."""
    return {(n["alias"], *index["columns"]) for n in _landing(workspace) for index in n["config"].get("indexes") or []}


def _let_dbt(workspace: Workspace, what: str, *arguments: str) -> None:
    outcome = workspace.home.project.build(arguments, keep_artifacts=False)
    if not outcome.success:
        raise LookoutError(f"dbt could not {what}: " + "; ".join(outcome.failures))
