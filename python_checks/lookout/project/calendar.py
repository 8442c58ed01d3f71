"""The calendar of a project: days that are neither judged nor learned from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CALENDAR = "lookout_calendar"


def calendar_name(manifest: Mapping[str, Any]) -> str:
    """Return the name in the var ``lookout_calendar``."""
    return project_var(manifest, CALENDAR) or CALENDAR


def project_var(manifest: Mapping[str, Any], name: str) -> str:
    """Return a var of the project, which dbt renders into the meta of Lookout's own seed; empty where it is not set."""
    identity = f"seed.lookout.{CALENDAR}"
    nodes = [manifest["nodes"].get(identity), *((manifest.get("disabled") or {}).get(identity) or [])]
    for node in filter(None, nodes):
        value = ((node.get("config") or {}).get("meta") or {}).get(name)
        if value:
            return str(value)
    return ""


def find_node(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Find a seed, model, snapshot or source by name; the project's own comes before a package's."""
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("seed", "model", "snapshot")]
    found = [n for n in nodes if n["name"] == name]
    found += [s for s in manifest["sources"].values() if name in (f"{s['source_name']}.{s['name']}", s["name"])]
    project = (manifest.get("metadata") or {}).get("project_name")
    return min(found, key=lambda node: node["package_name"] != project, default=None)
