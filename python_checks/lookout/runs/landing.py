"""Landing tables: let dbt create what is missing before a run writes to them, and drop relations that were renamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookout.database.runners.lease import writing
from lookout.database.store import Store
from lookout.database.upgrades import refuse_other_types
from lookout.errors import LookoutError
from lookout.project.own import PACKAGE
from lookout.project.workspace import Workspace
from lookout.runs.recording import Run
from lookout.runs.results import judge_older_results

LANDING = "lookout_landing"
CREATE_LANDING = ("run", "--select", f"tag:{LANDING}", "+fqn:lookout.monitoring.alerts.alert_states")
_COLUMNS = """
select
    pg_class.relname as table_name,
    pg_attribute.attname as column_name
from pg_catalog.pg_class
inner join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace
inner join pg_catalog.pg_attribute on pg_attribute.attrelid = pg_class.oid
where pg_namespace.nspname = %s and pg_attribute.attnum > 0 and not pg_attribute.attisdropped
"""


def ensure_landing(workspace: Workspace) -> bool:
    """Let dbt create landing tables, columns and indexes that are missing; return True when it created tables.

    A derive run does not touch the landing tables, so the columns and indexes of a newer version are added here.
    Raises LookoutError when dbt cannot make them, and for columns whose type is not what this version writes.
    """
    project = workspace.home.project
    with workspace.home.store() as store:
        refuse_other_types(store, _landing(workspace))
        indexes = _indexes(workspace)
        is_new = _lacks_columns(store, workspace)
        if not is_new and not store.missing_indexes(indexes):
            judge_older_results(store)
            return False
        home = workspace.home
        # Another first run may be creating them at this moment.
        with writing(store, "run", seconds=home.options.lease, time_limit=home.time_limit):
            if _lacks_columns(store, workspace):
                outcome = project.build(CREATE_LANDING, keep_artifacts=False)
                if not outcome.success:
                    raise LookoutError("dbt could not create the landing tables: " + "; ".join(outcome.failures))
            if store.missing_indexes(indexes):
                failure = project.operate("lookout.add_missing_indexes")
                if failure:
                    raise LookoutError(f"dbt could not add an index to a landing table: {failure}")
            judge_older_results(store)
    return is_new


def drop_retired_relations(run: Run) -> None:
    """Let dbt drop relations of an older version whose names no model has now; one that is still read is a problem.

    Called after deriving: until then, a view of that version may read it.
    """
    retired = {
        (name, next(iter(node["columns"])))
        for node in _own_nodes(run.workspace)
        for name in node["config"].get("meta", {}).get("retired_relations") or ()
    }
    if retired & _columns(run.store):
        failure = run.workspace.home.project.operate("lookout.drop_retired_relations")
        if failure:
            run.problems.append(f"monitoring: {failure}")


def _own_nodes(workspace: Workspace) -> list[Mapping[str, Any]]:
    return [node for node in workspace.home.manifest["nodes"].values() if node["package_name"] == PACKAGE]


def _landing(workspace: Workspace) -> list[Mapping[str, Any]]:
    return [node for node in _own_nodes(workspace) if LANDING in node["tags"]]


def _lacks_columns(store: Store, workspace: Workspace) -> bool:
    needed = {(str(node["alias"]), column) for node in _landing(workspace) for column in node["columns"]}
    needed |= {("alert_candidates", "alert_key"), ("alerts", "alert_key"), ("alert_states", "alert_key")}
    return not needed <= _columns(store)


def _columns(store: Store) -> set[tuple[str, str]]:
    """Return the tables and views of the monitoring schema with their columns."""
    found = store.query(_COLUMNS, (store.schema,))
    return set(zip(found["table_name"], found["column_name"], strict=True))


def _indexes(workspace: Workspace) -> set[tuple[str, ...]]:
    """Return the indexes of the landing tables that dbt is configured to make: table and columns."""
    return {
        (node["alias"], *index["columns"])
        for node in _landing(workspace)
        for index in node["config"].get("indexes") or []
    }
