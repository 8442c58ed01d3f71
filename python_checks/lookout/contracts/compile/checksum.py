"""Checksum of the YAML that a contract is compiled from; macros/contracts/contract_checksum.sql computes the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from lookout.project.declarations.nodes import loaded_at_field, meta_of


def contract_checksum(raw: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Return the checksum of what the rules of a node are read from, the same in every version of dbt."""
    settings = json.dumps([(raw.get("source_meta") or {}).get("lookout"), meta_of(raw).get("lookout")], sort_keys=True)
    columns = [
        [
            column["name"],
            column.get("data_type"),
            bool(column.get("quote")),
            _constraints(column),
            meta_of(column).get("lookout"),
        ]
        for column in (raw.get("columns") or {}).values()
    ]
    # A model's tests belong to its contract only where the contract says so.
    has_tests = raw.get("resource_type") == "source" or '"tests": true' in settings
    tests = list(_tests(raw, manifest)) if has_tests else []
    definition = [settings, loaded_at_field(raw), columns, _constraints(raw), tests]
    return hashlib.md5(json.dumps(definition, sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def _constraints(raw: Mapping[str, Any]) -> list[list[Any]]:
    """Return the constraints that rows can break. dbt rewrites a foreign key while it compiles, and it is none."""
    return [
        [constraint["type"], constraint.get("name"), constraint.get("expression"), constraint.get("columns") or []]
        for constraint in raw.get("constraints") or ()
        if constraint["type"] != "foreign_key"
    ]


def _tests(raw: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterable[list[Any]]:
    for test_id, test in sorted((manifest.get("nodes") or {}).items()):
        is_about = raw["unique_id"] in ((test.get("depends_on") or {}).get("nodes") or ())
        if is_about and test.get("test_metadata") and test.get("attached_node") in (None, raw["unique_id"]):
            metadata, config = test["test_metadata"], test.get("config") or {}
            arguments = {key: value for key, value in metadata["kwargs"].items() if key != "model"}
            settings = [config.get(key) for key in ("where", "severity", "warn_if", "error_if", "fail_calc")]
            yield [test_id, arguments, settings, "severity" in (test.get("unrendered_config") or {})]
