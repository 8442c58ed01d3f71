"""Frames for the landing tables from dbt's artifacts; files are read elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from lookout.masking import mask_secrets
from lookout.plain import plain, plain_name
from lookout.project.artifacts.outcomes import message_of, outcome_of
from lookout.project.declarations.nodes import TABLE_TYPES, layer_of, location_of, owner_of, tested_node


def asset_rows(
    manifest: Mapping[str, Any], *, connection: str, monitored: Iterable[str], as_of: datetime
) -> pd.DataFrame:
    """Return one row per model, seed, snapshot and source, in the columns of the ``assets`` landing table.

    ``connection`` is the output dbt builds into; ``monitored`` holds the node ids that Lookout watches.
    """
    tests: dict[str, int] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            for parent in _tested(node, manifest):
                tests[parent] = tests.get(parent, 0) + 1
    watched, groups = set(monitored), manifest.get("groups") or {}
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in TABLE_TYPES]
    rows = [_asset_row(node, connection, tests, watched, groups) for node in [*nodes, *manifest["sources"].values()]]
    frame = pd.DataFrame(rows, columns=list(_asset_row({"columns": {}}, "", {}, set(), {})))
    frame["is_active"], frame["updated_at"] = True, pd.Timestamp(as_of)
    return frame


def result_rows(
    results: Mapping[str, Any], manifest: Mapping[str, Any], *, connection: str, not_after: datetime | None = None
) -> pd.DataFrame:
    """Return one row per result of run_results.json or sources.json, in the columns of ``dbt_results``.

    ``not_after`` caps the time of execution, so that a replay of the past reads its own results; the time at which they
    really finished puts them into order. Raises ArtifactError for a file of another kind.
    """
    metadata = results.get("metadata") or {}
    groups = manifest.get("groups") or {}
    rows = [_result_row(r, metadata, manifest, groups, connection) for r in results.get("results", [])]
    frame = pd.DataFrame(rows, columns=list(_result_row({}, {}, {}, {}, "")))
    frame["executed_at"] = pd.to_datetime(frame["executed_at"], utc=True, format="ISO8601")
    frame["finished_at"] = frame["executed_at"]
    if not_after is not None:
        latest = pd.Timestamp(not_after)
        frame["executed_at"] = frame["executed_at"].where(frame["executed_at"] <= latest, latest)
    frame["failures"] = frame["failures"].astype("Int64")
    frame["rows_affected"] = frame["rows_affected"].astype("Int64")
    return frame


def _tested(test: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[str]:
    tested = tested_node(test, manifest)
    return [tested] if tested else list((test.get("depends_on") or {}).get("nodes") or [])


def _location(node: Mapping[str, Any], default_connection: str) -> tuple[str, str]:
    connection, schema, table = location_of(node, default_connection)
    return connection, plain_name(f"{schema}.{table}") if schema else ""


def _asset_row(
    node: Mapping[str, Any], connection: str, tests: Mapping[str, int], watched: set[str], groups: Mapping[str, Any]
) -> dict[str, Any]:
    columns = list((node.get("columns") or {}).values())
    output, asset = _location(node, connection)
    return {
        "node_id": node.get("unique_id", ""),
        "name": node.get("name", ""),
        "resource_type": node.get("resource_type", ""),
        "connection": output,
        "asset": asset,
        "layer": layer_of(node),
        "owner": owner_of(node, groups),
        "has_description": bool((node.get("description") or "").strip()),
        "column_count": len(columns),
        "documented_column_count": sum(bool((c.get("description") or "").strip()) for c in columns),
        "test_count": tests.get(node.get("unique_id", ""), 0),
        "is_monitored": node.get("unique_id", "") in watched,
        "file_path": node.get("original_file_path", ""),
    }


def _result_row(
    result: Mapping[str, Any],
    metadata: Mapping[str, Any],
    manifest: Mapping[str, Any],
    groups: Mapping[str, Any],
    connection: str,
) -> dict[str, Any]:
    node_id = str(result.get("unique_id", ""))
    node = _node(manifest, node_id)
    is_test = node.get("resource_type") in ("test", "unit_test")
    tested = _node(manifest, next(iter(_tested(node, manifest)), "")) if is_test else node
    generic = node.get("test_metadata") or {}
    output, asset = _location(tested, connection)
    timing = [t.get("completed_at") for t in result.get("timing") or [] if t.get("completed_at")]
    affected = (result.get("adapter_response") or {}).get("rows_affected")
    test_name = ".".join(filter(None, [generic.get("namespace"), generic.get("name")]))
    return {
        "invocation_id": str(metadata.get("invocation_id", "")),
        "node_id": node_id,
        "name": str(node.get("name") or node_id.split(".")[-1]),
        "resource_type": str(node.get("resource_type") or node_id.split(".")[0]),
        "status": str(result.get("status", "")),
        "outcome": outcome_of(result.get("status", ""), node_id),
        "connection": output,
        "asset": asset,
        "column_name": str(node.get("column_name") or ""),
        "test_name": test_name,
        "severity": str((node.get("config") or {}).get("severity", "")).lower() if test_name else "",
        "failures": result.get("failures"),
        "rows_affected": affected if affected is not None and affected >= 0 else None,
        "message": mask_secrets(" ".join(plain(message_of(result)).split()))[:2000],
        "execution_seconds": result.get("execution_time"),
        "executed_at": max(timing, default=result.get("snapshotted_at") or metadata.get("generated_at")),
        "owner": owner_of(node, groups) or owner_of(tested, groups),
        "layer": layer_of(tested),
    }


def _node(manifest: Mapping[str, Any], node_id: str) -> Mapping[str, Any]:
    for kind in ("nodes", "sources", "unit_tests", "exposures"):
        found = (manifest.get(kind) or {}).get(node_id)
        if found is not None:
            return dict(found)
    return {}
