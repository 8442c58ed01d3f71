"""Lineage in dbt's manifest: tables and exposures as addresses, dependencies as edges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lookout.plain import plain_name
from lookout.project.declarations.nodes import TABLE_TYPES, location_of, owner_of
from lookout.tracking.lineage.store import Edge
from lookout.tracking.model import Address, pipeline_id

# Nodes that others depend on and that are no address: the edge begins at their own dependencies instead.
PASSED_THROUGH = ("nodes", "metrics", "semantic_models", "saved_queries", "functions")


@dataclass(frozen=True)
class ManifestLineage:
    """Lineage of manifests: ``addresses`` by id, ``edges``, and ``pipelines`` of all nodes, with edges or without."""

    addresses: Mapping[str, Address] = field(default_factory=dict)
    edges: frozenset[Edge] = frozenset()
    pipelines: frozenset[str] = frozenset()

    @classmethod
    def merged(cls, parts: Iterable[ManifestLineage]) -> ManifestLineage:
        """Return the lineage of several manifests as one; nodes of one relation are one address."""
        lineages = list(parts)
        found: dict[str, Address] = {}
        for lineage in lineages:
            found.update(lineage.addresses)
        return cls(
            found,
            frozenset().union(*(lineage.edges for lineage in lineages)),
            frozenset().union(*(lineage.pipelines for lineage in lineages)),
        )


def manifest_lineage(manifest: Mapping[str, Any], connection: str) -> ManifestLineage:
    """Return sources, seeds, snapshots, models and exposures with one edge for each dependency.

    ``connection`` is the output of profiles.yml that dbt builds into. Two nodes of one relation are one address.
    """
    groups, addresses, ids = manifest.get("groups") or {}, dict[str, Address](), dict[str, str]()
    nodes = list(_nodes(manifest))
    for node in nodes:
        address = _exposure(node) if node["resource_type"] == "exposure" else _table(node, connection, groups)
        addresses.setdefault(address.address_id, address)
        ids[node["unique_id"]] = address.address_id
    dependencies = _Dependencies(manifest, ids)
    edges: set[Edge] = set()
    pipelines: set[str] = set()
    for node in nodes:
        unique_id = node["unique_id"]
        pipeline = pipeline_id(unique_id)
        pipelines.add(pipeline)
        edges |= {(pipeline, source, ids[unique_id]) for source in dependencies.of(node)}
    return ManifestLineage(addresses, frozenset(edges), frozenset(pipelines))


def _nodes(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes that are addresses; of two with one name, the one that builds the relation comes first."""
    tables = [node for node in manifest["nodes"].values() if node["resource_type"] in TABLE_TYPES]
    yield from sorted(tables, key=_is_ephemeral)
    yield from (manifest.get("sources") or {}).values()
    yield from (manifest.get("exposures") or {}).values()


def _is_ephemeral(node: Mapping[str, Any]) -> bool:
    return (node.get("config") or {}).get("materialized") == "ephemeral"


def _table(node: Mapping[str, Any], connection: str, groups: Mapping[str, Any]) -> Address:
    node_connection, schema, table = location_of(node, connection)
    name, kind = plain_name(f"{schema}.{table}" if schema else table), str(node["resource_type"])
    is_own = node_connection == connection
    key = node.get("primary_key")
    metadata = {"dbt_name": node.get("name"), "materialized": (node.get("config") or {}).get("materialized")}
    if kind == "source":
        metadata = {"dbt_name": f"{node.get('source_name')}.{node.get('name')}"}
    return Address(
        name if is_own else f"{node_connection}:{name}",
        f"dbt {kind}",
        "database",
        # dbt assumes its own database for tables of other connections.
        database_name=str(node.get("database") or "") or None if is_own else None,
        schema_name=schema or None,
        table_name=table,
        primary_key=", ".join(map(str, key)) or None if isinstance(key, list) else None,
        address_metadata={key: value for key, value in metadata.items() if value},
        node_id=node["unique_id"],
        owner=owner_of(node, groups),
    )


def _exposure(node: Mapping[str, Any]) -> Address:
    declared = node.get("owner") or {}
    owner: Any = owner_of(node)
    if not owner and isinstance(declared, Mapping):
        owner = declared.get("name") or declared.get("email")
    elif not owner:
        owner = declared
    if isinstance(owner, list):
        owner = ", ".join(map(str, owner))
    metadata = {key: node.get(key) for key in ("type", "label", "maturity", "url")}
    return Address(
        f"exposure:{node['name']}",
        "exposure",
        "dashboard",
        address_metadata={key: value for key, value in metadata.items() if value},
        node_id=node["unique_id"],
        owner=str(owner or ""),
    )


class _Dependencies:
    """Dependencies of nodes as addresses; metrics, functions and other nodes that are no address are passed through."""

    def __init__(self, manifest: Mapping[str, Any], ids: Mapping[str, str]) -> None:
        self._manifest, self._ids, self._known = manifest, ids, dict[str, frozenset[str]]()

    def of(self, node: Mapping[str, Any], passed: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return the addresses that a node depends on; ``passed`` are the nodes passed through on the way to it."""
        found: set[str] = set()
        for dependency in (node.get("depends_on") or {}).get("nodes") or ():
            if dependency in self._ids:
                found.add(self._ids[dependency])
            elif dependency not in passed:
                found |= self._through(dependency, passed | {dependency})
        return frozenset(found)

    def _through(self, unique_id: str, passed: frozenset[str]) -> frozenset[str]:
        if unique_id not in self._known:
            sections = [self._manifest.get(kind) or {} for kind in PASSED_THROUGH]
            node: Mapping[str, Any] = next((nodes[unique_id] for nodes in sections if unique_id in nodes), {})
            self._known[unique_id] = self.of(node, passed)
        return self._known[unique_id]
