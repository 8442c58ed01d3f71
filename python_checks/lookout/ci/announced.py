"""Breaking changes that were announced: consumers had a version or a date to go by. Pure."""

from __future__ import annotations

import re
from datetime import date

from lookout.ci.model import Manifest
from lookout.contracts.changes.diff import AssetDiff, ContractDiff


def announced_changes(diff: ContractDiff, base: Manifest, today: date) -> dict[str, str]:
    """Return how each announced breaking change was announced, by the unique id of its table.

    Either the contract's `version` has a higher first number than before, or the base's `deprecation_date` of a model
    has come.
    """
    found = {}
    for asset in diff.assets:
        if asset.level == "breaking" and (how := _new_version(asset) or _deprecated(asset, base, today)):
            found[asset.node_id] = how
    return found


def _new_version(asset: AssetDiff) -> str:
    for one in asset.judgements:
        change = one.change
        if (change.change_type, change.column_name, change.detail) == ("setting_changed", "", "version"):
            old, new = _major(change.old_value), _major(change.new_value)
            if old is not None and new is not None and new > old:
                return f"version {change.old_value} -> {change.new_value}"
    return ""


def _deprecated(asset: AssetDiff, base: Manifest, today: date) -> str:
    node = (base.get("nodes") or {}).get(asset.node_id) or {}
    day = str(node.get("deprecation_date") or "")[:10]
    try:
        return f"deprecated since {day}" if day and date.fromisoformat(day) <= today else ""
    except ValueError:
        return ""


def _major(version: str) -> int | None:
    match = re.match(r"v?(\d+)", version.strip(), flags=re.IGNORECASE)
    return int(match[1]) if match else None
