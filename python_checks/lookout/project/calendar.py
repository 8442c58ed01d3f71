"""The calendar that a project names: days that are neither judged nor learned from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CALENDAR = "lookout_calendar"


def calendar_name(manifest: Mapping[str, Any]) -> str:
    """What the var ``lookout_calendar`` names; dbt renders it into the meta of Lookout's own seed."""
    identity = f"seed.lookout.{CALENDAR}"
    nodes = [manifest["nodes"].get(identity), *((manifest.get("disabled") or {}).get(identity) or [])]
    for node in filter(None, nodes):
        named = ((node.get("config") or {}).get("meta") or {}).get(CALENDAR)
        if named:
            return str(named)
    return CALENDAR


def find_node(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("seed", "model", "snapshot")]
    found = [n for n in nodes if n["name"] == name]
    found += [s for s in manifest["sources"].values() if name in (f"{s['source_name']}.{s['name']}", s["name"])]
    # A project's own comes before a package's.
    project = (manifest.get("metadata") or {}).get("project_name")
    return min(found, key=lambda node: node["package_name"] != project, default=None)
