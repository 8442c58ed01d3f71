"""Tests and documentation of a project's tables in the base and in the change. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from lookout.ci.model import Coverage, Manifest
from lookout.ci.plan import TABLES
from lookout.project.declarations.nodes import name_of, tested_node


class _Counts(NamedTuple):
    name: str
    tests: int
    described: int
    columns: int
    has_description: bool


def coverage_changes(base: Manifest, head: Manifest, modified: Collection[str]) -> tuple[Coverage, ...]:
    """Return the project's tables that are new, have other counts, or changed and lack a description or a test."""
    before, now = _counts(base), _counts(head)
    found = []
    for key, new in now.items():
        old = before.get(key)
        lacks = key in modified and not (new.tests and new.has_description)
        if old is None or old[1:] != new[1:] or lacks:
            was = (None, None, None) if old is None else (old.tests, old.described, old.columns)
            found.append(
                Coverage(new.name, was[0], new.tests, was[1], new.described, was[2], new.columns, new.has_description)
            )
    return tuple(found)


def _counts(manifest: Manifest) -> dict[str, _Counts]:
    project = (manifest.get("metadata") or {}).get("project_name")
    nodes: Mapping[str, Mapping[str, Any]] = manifest.get("nodes") or {}
    tests: dict[str, int] = {}
    for node in nodes.values():
        if node.get("resource_type") == "test" and (about := tested_node(node, manifest)):
            tests[about] = tests.get(about, 0) + 1
    for unit in (manifest.get("unit_tests") or {}).values():
        for about in (unit.get("depends_on") or {}).get("nodes", [])[:1]:
            tests[about] = tests.get(about, 0) + 1
    return {
        key: _Counts(
            name_of(node),
            tests.get(key, 0),
            sum(bool(column.get("description")) for column in (node.get("columns") or {}).values()),
            len(node.get("columns") or {}),
            bool(node.get("description")),
        )
        for key, node in nodes.items()
        if node.get("resource_type") in TABLES and node.get("package_name") == project
    }
