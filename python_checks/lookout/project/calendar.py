"""The calendar of a project: days that are neither judged nor learned from, and whose holidays count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lookout.errors import ConfigError
from lookout.project.holidays import read_countries

CALENDAR = "lookout_calendar"
HOLIDAYS = "lookout_holidays"


def calendar_name(manifest: Mapping[str, Any]) -> str:
    """Return the name in the var ``lookout_calendar``."""
    return str(project_var(manifest, CALENDAR) or CALENDAR)


def usual_holidays(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the countries in the var ``lookout_holidays``. Raises ConfigError in one sentence."""
    value = project_var(manifest, HOLIDAYS)
    if isinstance(value, str):
        # dbt renders a list as Python writes it.
        value = re.sub(r"[\[\]'\"]", "", value).strip()
    if value in ("", None):
        return ()
    try:
        return read_countries(False if value == "False" else value)
    except ConfigError as error:
        raise ConfigError(f"dbt_project.yml: the var {HOLIDAYS} {error}") from None


def project_var(manifest: Mapping[str, Any], name: str) -> Any:
    """Return a var, which dbt renders into the meta of Lookout's own seed; None where it is not set."""
    identity = f"seed.lookout.{CALENDAR}"
    nodes = [(manifest.get("nodes") or {}).get(identity), *((manifest.get("disabled") or {}).get(identity) or [])]
    values = [((node.get("config") or {}).get("meta") or {}).get(name) for node in nodes if node]
    return next((value for value in values if value not in (None, "")), None)


def find_node(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Find a seed, model, snapshot or source by name; the project's own comes before a package's."""
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("seed", "model", "snapshot")]
    found = [n for n in nodes if n["name"] == name]
    found += [s for s in manifest["sources"].values() if name in (f"{s['source_name']}.{s['name']}", s["name"])]
    project = (manifest.get("metadata") or {}).get("project_name")
    return min(found, key=lambda node: node["package_name"] != project, default=None)
