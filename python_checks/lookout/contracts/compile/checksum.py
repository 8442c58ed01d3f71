"""Checksum of the YAML that a contract is compiled from; macros/contracts/contract_checksum.sql computes the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from lookout.project.declarations.nodes import loaded_at_field, meta_of

Node = Mapping[str, Any]


def contract_checksum(node: Node, manifest: Mapping[str, Any]) -> str:
    """Return the checksum of what the rules of a node are read from, the same in every version of dbt."""
    parts = [_part(node, []), *map(_column, (node.get("columns") or {}).values())]
    # A model's tests belong to its contract only where the contract says so.
    has_tests = node.get("resource_type") == "source" or '"tests": true' in json.dumps(parts[0])
    tests = list(_tests(node, manifest)) if has_tests else []
    definition = json.dumps([parts, loaded_at_field(node), tests], sort_keys=True)
    return hashlib.md5(definition.encode(), usedforsecurity=False).hexdigest()


def _part(part: Node, of_column: list[Any]) -> list[Any]:
    # dbt rewrites a foreign key while it compiles, and no row breaks one.
    constraints = [
        [constraint["type"], constraint.get("name"), constraint.get("expression"), constraint.get("columns") or []]
        for constraint in part.get("constraints") or ()
        if constraint["type"] != "foreign_key"
    ]
    return [of_column, [_settings(part.get("source_meta") or {}), _settings(meta_of(part))], constraints]


def _settings(meta: Mapping[str, Any]) -> list[Any]:
    lookout = meta.get("lookout")
    settings = lookout if isinstance(lookout, Mapping) else {}
    return [settings.get(key) for key in ("contract", "timestamp_column", "enabled")]


def _column(column: Node) -> list[Any]:
    return _part(column, [column["name"], column.get("data_type"), column.get("quote") is True])


def _tests(node: Node, manifest: Mapping[str, Any]) -> Iterator[list[Any]]:
    for test_id, test in sorted((manifest.get("nodes") or {}).items()):
        is_about = node["unique_id"] in ((test.get("depends_on") or {}).get("nodes") or ())
        if is_about and test.get("test_metadata") and test.get("attached_node") in (None, node["unique_id"]):
            config, is_graded = test.get("config") or {}, "severity" in (test.get("unrendered_config") or {})
            settings = [config.get(key) for key in ("severity", "where", "warn_if", "error_if", "fail_calc")]
            # The arguments of a test are part of its id.
            yield [test_id, is_graded, *settings]
