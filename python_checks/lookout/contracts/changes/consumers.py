"""Consumers of the tables of a dbt project: everything that a change of a table affects. Pure."""

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
    """The nodes of a manifest, and the nodes that read each of them."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self.groups = manifest.get("groups") or {}
        self.nodes = {key: node for part in COLLECTIONS for key, node in (manifest.get(part) or {}).items()}
        self.children: dict[str, list[str]] = {}
        for key, node in self.nodes.items():
            for parent in (node.get("depends_on") or {}).get("nodes") or ():
                self.children.setdefault(parent, []).append(key)

    def downstream(self, node_id: str) -> tuple[Consumer, ...]:
        """Return everything that reads a node, at all depths, the nearest first."""
        depth, queue = {node_id: 0}, deque([node_id])
        while queue:
            parent = queue.popleft()
            for child in self.children.get(parent, ()):
                if child not in depth:
                    depth[child] = depth[parent] + 1
                    queue.append(child)
        found = [
            Consumer(key, str(node.get("name")), str(node["resource_type"]), depth[key], _owner(node, self.groups))
            for key, node in self.nodes.items()
            if depth.get(key) and node.get("resource_type") in REPORTED
        ]
        return tuple(sorted(found, key=_order))

    def existing(self, consumers: Iterable[Consumer]) -> tuple[Consumer, ...]:
        """Return those consumers that this manifest has too."""
        return tuple(consumer for consumer in consumers if consumer.node_id in self.nodes)


def _order(consumer: Consumer) -> tuple[int, int, str, str]:
    return consumer.depth, REPORTED.index(consumer.kind), consumer.name, consumer.node_id


def _owner(node: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    owner = node.get("owner")
    if isinstance(owner, Mapping):
        names = owner.get("name") or owner.get("email") or ""
        return ", ".join(names) if isinstance(names, list) else str(names)
    return owner_of(node, groups)
