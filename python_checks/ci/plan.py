"""What has to be built to judge a change, from the manifests of base and change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from python_checks.ci.model import Manifest, Node
from python_checks.contracts.consumers import Consumer, Graph
from python_checks.declarations import file_of, name_of, owner_of, relation_name, tested_node

TABLES = ("model", "seed", "snapshot")
BUILT = (*TABLES, "function", "test", "unit_test")
PARTS = ("nodes", "unit_tests", "functions", "sources", "exposures", "metrics", "semantic_models", "saved_queries")


@dataclass(frozen=True)
class Plan:
    """Unique ids, each in the order of the manifest.

    ``selected`` is what changed and everything downstream of it that dbt builds; ``ancestors`` what those read and
    the change leaves alone; ``sources`` the tables that both read and somebody else loads. ``loaded`` are tables of
    the project itself that are also declared as one of those sources: they have to be there before anything reads it.
    """

    modified: tuple[str, ...]
    selected: tuple[str, ...]
    ancestors: tuple[str, ...]
    sources: tuple[str, ...]
    loaded: tuple[str, ...]


class Lineage:
    """Everything of a manifest by unique id, and who reads what, tests included."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.nodes: dict[str, Mapping[str, Any]] = {}
        for part in PARTS:
            self.nodes.update(manifest.get(part) or {})
        self.children: dict[str, list[str]] = {}
        for key, node in self.nodes.items():
            for parent in parents_of(node):
                self.children.setdefault(parent, []).append(key)

    def downstream(self, start: Iterable[str]) -> set[str]:
        """These ids and all that read them, at any depth."""
        return _reach(start, lambda key: self.children.get(key, ()))

    def upstream(self, start: Iterable[str]) -> set[str]:
        """These ids and all that they read, at any depth."""
        return _reach(start, lambda key: parents_of(self.nodes.get(key, {})))

    def named(self, key: str, *, is_new: bool = False) -> Node:
        """A node as people know it; a test has the owner of its table."""
        node = self.nodes.get(key) or {}
        kind, about = node.get("resource_type"), ""
        if kind == "test":
            about = tested_node(node, self.manifest)
        elif kind == "unit_test":
            about = next(iter(parents_of(node)), "")
        owner = owner_of(self.nodes.get(about) or node, self.manifest.get("groups") or {})
        return Node(key, name_of(node), str(node.get("resource_type", "")), file_of(node), owner, is_new)


def make_plan(head: Manifest, modified: Iterable[str]) -> Plan:
    """What to build for these changed nodes of a project."""
    lineage, changed = Lineage(head), set(modified)
    selected = {key for key in lineage.downstream(changed) if _is_built(lineage, key)}
    above = lineage.upstream(selected) - selected
    sources = {key for key in above if key in (head.get("sources") or {})}
    loaded = {found for key in sources if (found := _loader(head, key))}
    # What loads a source may read further tables, which have to be there as well.
    above |= lineage.upstream(loaded) - selected
    ancestors = {key for key in above if _is_built(lineage, key) and lineage.nodes[key]["resource_type"] in BUILT[:4]}
    sources |= {key for key in above if key in (head.get("sources") or {})}
    parts = (changed, selected, ancestors, {key for key in sources if not _loader(head, key)}, loaded)
    return Plan(*(tuple(key for key in lineage.nodes if key in part) for part in parts))


def removed_tables(base: Manifest, head: Manifest) -> tuple[Node, ...]:
    """Models, seeds and snapshots of the base that the change takes away."""
    lineage = Lineage(base)
    gone = [
        key
        for key, node in (base.get("nodes") or {}).items()
        if node.get("resource_type") in TABLES and key not in (head.get("nodes") or {})
    ]
    return tuple(lineage.named(key) for key in gone)


def changed_seeds(base: Manifest, head: Manifest, is_same: Any) -> tuple[str, ...]:
    """Seeds too large for dbt to hash (1 MiB), whose files ``is_same(path)`` says are not the same."""
    found = []
    for key, node in (head.get("nodes") or {}).items():
        is_large = node.get("resource_type") == "seed" and (node.get("checksum") or {}).get("name") == "path"
        if is_large and key in (base.get("nodes") or {}) and not is_same(str(node["original_file_path"])):
            found.append(key)
    return tuple(found)


def readers(head: Manifest, modified: Iterable[str]) -> tuple[Consumer, ...]:
    """Models, snapshots and exposures that read what changed and did not change themselves, the nearest first."""
    graph, changed = Graph(head), set(modified)
    nearest: dict[str, Consumer] = {}
    for key in changed:
        for one in graph.downstream(key):
            known = nearest.get(one.node_id)
            if one.node_id not in changed and (known is None or one.depth < known.depth):
                nearest[one.node_id] = one
    return tuple(sorted(nearest.values(), key=lambda one: (one.depth, one.name, one.node_id)))


def overwritten(base: Manifest, head: Manifest, selected: Iterable[str]) -> tuple[str, ...]:
    """Those nodes that would be built over a table that the base has in the same place."""
    taken = {
        node["relation_name"]
        for node in (base.get("nodes") or {}).values()
        if node.get("relation_name") and node.get("resource_type") in TABLES
    }
    nodes = head.get("nodes") or {}
    return tuple(
        key
        for key in selected
        if key in nodes and nodes[key].get("resource_type") in TABLES and nodes[key].get("relation_name") in taken
    )


def selectors(head: Manifest, keys: Iterable[str]) -> list[str]:
    """How dbt's command line names these nodes: by their full names, which no other node has."""
    nodes = Lineage(head).nodes
    return [f"fqn:{'.'.join(map(str, nodes[key]['fqn']))}" for key in keys if nodes.get(key, {}).get("fqn")]


def parents_of(node: Mapping[str, Any]) -> list[str]:
    """Unique ids of what a node reads."""
    return [str(key) for key in (node.get("depends_on") or {}).get("nodes") or ()]


def _is_built(lineage: Lineage, key: str) -> bool:
    return key in lineage.nodes and lineage.nodes[key].get("resource_type") in BUILT


def _loader(manifest: Manifest, source: str) -> str:
    """The seed, model or snapshot that writes the very table that a source stands for; empty when none does."""
    node = manifest["sources"][source]
    place = node.get("schema"), relation_name(node)
    for key, other in (manifest.get("nodes") or {}).items():
        if other.get("resource_type") in TABLES and (other.get("schema"), relation_name(other)) == place:
            return str(key)
    return ""


def _reach(start: Iterable[str], nexts: Any) -> set[str]:
    queue = list(start)
    found = set(queue)
    while queue:
        for key in nexts(queue.pop()):
            if key not in found:
                found.add(key)
                queue.append(key)
    return found
