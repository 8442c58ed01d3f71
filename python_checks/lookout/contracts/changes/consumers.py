"""Who reads what in a dbt project, and so who is hit when a table changes. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lookout.project.declarations.nodes import owner_of

COLLECTIONS = ("nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries")
REPORTED = ("model", "snapshot", "exposure")


@dataclass(frozen=True)
class Consumer:
    """A model, snapshot or exposure that reads a table, ``depth`` steps downstream of it."""

    node_id: str
    name: str
    kind: str
    depth: int
    owner: str = ""


class Graph:
    """Who reads what in a manifest."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self.groups = manifest.get("groups") or {}
        self.nodes = {key: node for part in COLLECTIONS for key, node in (manifest.get(part) or {}).items()}
        self.children: dict[str, list[str]] = {}
        for key, node in self.nodes.items():
            for parent in (node.get("depends_on") or {}).get("nodes") or ():
                self.children.setdefault(parent, []).append(key)

    def downstream(self, node_id: str) -> tuple[Consumer, ...]:
        """Everything that reads a node, at all depths, the nearest first."""
        depth, queue = {node_id: 0}, deque([node_id])
        while queue:
            parent = queue.popleft()
            for child in self.children.get(parent, ()):
                if child not in depth:
                    depth[child] = depth[parent] + 1
                    queue.append(child)
        hit = [
            Consumer(key, str(node.get("name")), str(node["resource_type"]), depth[key], _owner(node, self.groups))
            for key, node in self.nodes.items()
            if depth.get(key) and node.get("resource_type") in REPORTED
        ]
        return tuple(sorted(hit, key=lambda one: (one.depth, REPORTED.index(one.kind), one.name, one.node_id)))

    def still_there(self, consumers: Iterable[Consumer]) -> tuple[Consumer, ...]:
        """Those consumers that this manifest has as well."""
        return tuple(consumer for consumer in consumers if consumer.node_id in self.nodes)


def _owner(node: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    owner = node.get("owner")
    if isinstance(owner, Mapping):
        names = owner.get("name") or owner.get("email") or ""
        return ", ".join(names) if isinstance(names, list) else str(names)
    return owner_of(node, groups)
