"""The plan of a review: what has to be built to judge a change, from the manifests of base and change. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lookout.ci.model import Manifest, Node
from lookout.contracts.changes.consumers import Consumer, Graph
from lookout.project.declarations.nodes import file_of, name_of, owner_of, relation_name, tested_node
from lookout.project.own import PACKAGE

TABLES = ("model", "seed", "snapshot")
BUILT = (*TABLES, "function", "test", "unit_test")
# Lookout's generic tests that compare with baselines.
LEARNED = ("volume_anomaly", "freshness_anomaly", "zscore_anomaly")
PARTS = ("nodes", "unit_tests", "functions", "sources", "exposures", "metrics", "semantic_models", "saved_queries")


@dataclass(frozen=True)
class Plan:
    """Unique ids, each in the order of the manifest.

    ``selected`` are the changed nodes and everything downstream of them that dbt builds; ``ancestors`` are unchanged
    nodes that those read; ``sources`` are the tables that both read and that are loaded from outside the project.

    Some projects declare their own seeds as sources, which dbt's lineage does not see: ``loaded`` are such seeds
    that something here reads, which have to be built first, and ``reloaded`` the sources whose seed or model changed.
    """

    modified: tuple[str, ...]
    selected: tuple[str, ...]
    ancestors: tuple[str, ...]
    sources: tuple[str, ...]
    loaded: tuple[str, ...]
    reloaded: tuple[str, ...]


class Lineage:
    """Everything of a manifest by unique id, with parents and children, tests included.

    ``loaders`` maps each source whose table the project itself writes, which dbt does not see, to that node.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.nodes: dict[str, Mapping[str, Any]] = {}
        for part in PARTS:
            self.nodes.update(manifest.get(part) or {})
        self.loaders = _loaders(manifest)
        self.children: dict[str, list[str]] = {}
        for key in self.nodes:
            for parent in self.parents(key):
                self.children.setdefault(parent, []).append(key)

    def parents(self, key: str) -> list[str]:
        """Return unique ids of what a node reads, or of what writes a source."""
        return [self.loaders[key]] if key in self.loaders else parents_of(self.nodes.get(key, {}))

    def downstream(self, start: Iterable[str]) -> set[str]:
        """Return these ids and all that read them, at any depth."""
        return _reach(start, lambda key: self.children.get(key, ()))

    def upstream(self, start: Iterable[str]) -> set[str]:
        """Return these ids and all that they read, at any depth."""
        return _reach(start, self.parents)

    def named(self, key: str, *, is_new: bool = False) -> Node:
        """Return a node with its name, file and owner; a test has the owner of its table."""
        node = self.nodes.get(key) or {}
        kind, about = node.get("resource_type"), ""
        if kind == "test":
            about = tested_node(node, self.manifest)
        elif kind == "unit_test":
            about = next(iter(parents_of(node)), "")
        owner = owner_of(self.nodes.get(about) or node, self.manifest.get("groups") or {})
        file = str(node.get("original_file_path") or file_of(node))
        return Node(key, name_of(node), str(node.get("resource_type", "")), file, owner, is_new)


def make_plan(head: Manifest, modified: Iterable[str], left_out: Collection[str] = ()) -> Plan:
    """Return what to build for these changed nodes, without the nodes in ``left_out``, which nothing reads."""
    lineage, changed = Lineage(head), set(modified)
    touched = lineage.downstream(changed)
    selected = {key for key in touched if _is_built(lineage, key) and key not in left_out}
    read = lineage.upstream(selected)
    loaded = {lineage.loaders[key] for key in read if key in lineage.loaders}
    reloaded = {key for key in touched if key in lineage.loaders}
    above = read - selected
    ancestors = {key for key in above if _is_built(lineage, key) and lineage.nodes[key]["resource_type"] in BUILT[:4]}
    sources = {key for key in above if key in (head.get("sources") or {}) and key not in lineage.loaders}
    parts = (changed, selected, ancestors, sources, loaded, reloaded)
    return Plan(*(tuple(key for key in lineage.nodes if key in part) for part in parts))


def learned_tests(manifest: Manifest) -> frozenset[str]:
    """Return tests that compare a table with its learned past, which an empty database does not have."""
    found = set()
    for key, node in (manifest.get("nodes") or {}).items():
        test = node.get("test_metadata") or {}
        is_ours = PACKAGE in (test.get("namespace"), node.get("package_name"))
        if is_ours and test.get("name") in LEARNED:
            found.add(key)
    return frozenset(found)


def removed_tables(base: Manifest, head: Manifest) -> tuple[Node, ...]:
    """Return models, seeds and snapshots of the base that the change removes."""
    lineage = Lineage(base)
    gone = [
        key
        for key, node in (base.get("nodes") or {}).items()
        if node.get("resource_type") in TABLES and key not in (head.get("nodes") or {})
    ]
    return tuple(lineage.named(key) for key in gone)


def changed_seeds(base: Manifest, head: Manifest, is_same: Any) -> tuple[str, ...]:
    """Return seeds too large for dbt to hash (1 MiB), whose files differ by ``is_same(path)``."""
    found = []
    for key, node in (head.get("nodes") or {}).items():
        is_large = node.get("resource_type") == "seed" and (node.get("checksum") or {}).get("name") == "path"
        if is_large and key in (base.get("nodes") or {}) and not is_same(str(node["original_file_path"])):
            found.append(key)
    return tuple(found)


def readers(head: Manifest, modified: Iterable[str]) -> tuple[Consumer, ...]:
    """Return unchanged models, snapshots and exposures that read changed nodes, the nearest first."""
    graph, changed = Graph(head), set(modified)
    nearest: dict[str, Consumer] = {}
    for key in changed:
        for one in graph.downstream(key):
            known = nearest.get(one.node_id)
            if one.node_id not in changed and (known is None or one.depth < known.depth):
                nearest[one.node_id] = one
    return tuple(sorted(nearest.values(), key=lambda one: (one.depth, one.name, one.node_id)))


def overwritten(base: Manifest, head: Manifest, selected: Iterable[str]) -> tuple[str, ...]:
    """Return the nodes that would be built over a table of the base."""
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
    """Return selectors of dbt's command line for these nodes: their full names, which no other node has."""
    nodes = Lineage(head).nodes
    return [f"fqn:{'.'.join(map(str, nodes[key]['fqn']))}" for key in keys if nodes.get(key, {}).get("fqn")]


def parents_of(node: Mapping[str, Any]) -> list[str]:
    """Return unique ids of what a node reads."""
    return [str(key) for key in (node.get("depends_on") or {}).get("nodes") or ()]


def _is_built(lineage: Lineage, key: str) -> bool:
    return key in lineage.nodes and lineage.nodes[key].get("resource_type") in BUILT


def _loaders(manifest: Manifest) -> dict[str, str]:
    """Map each source whose table a seed, model or snapshot of the project writes to that node, by unique ids."""
    written = {
        (node.get("schema"), relation_name(node)): key
        for key, node in (manifest.get("nodes") or {}).items()
        if node.get("resource_type") in TABLES
    }
    loaders = {}
    for key, source in (manifest.get("sources") or {}).items():
        table = (source.get("schema"), relation_name(source))
        if table in written:
            loaders[key] = written[table]
    return loaders


def _reach(start: Iterable[str], nexts: Any) -> set[str]:
    queue = list(start)
    found = set(queue)
    while queue:
        for key in nexts(queue.pop()):
            if key not in found:
                found.add(key)
                queue.append(key)
    return found
