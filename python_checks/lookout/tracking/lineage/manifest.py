"""The lineage that dbt's manifest tells: its tables and exposures as addresses, what they depend on as edges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lookout.project.declarations.nodes import TABLE_TYPES, location_of, owner_of
from lookout.tracking.lineage.store import Edge
from lookout.tracking.model import Address, pipeline_id

# What another node may depend on without being a place itself: the edge leads to what that depends on.
PASSED_THROUGH = ("nodes", "metrics", "semantic_models", "saved_queries", "functions")


@dataclass(frozen=True)
class ManifestLineage:
    """``addresses`` by id; ``edges`` once each; ``pipelines`` of every node, whether it has edges or not."""

    addresses: Mapping[str, Address] = field(default_factory=dict)
    edges: frozenset[Edge] = frozenset()
    pipelines: frozenset[str] = frozenset()

    @classmethod
    def merged(cls, parts: Iterable[ManifestLineage]) -> ManifestLineage:
        """Return the lineage of several manifests as one; tables of one place are one address."""
        found = list(parts)
        return cls(
            {key: address for one in found for key, address in one.addresses.items()},
            frozenset().union(*(one.edges for one in found)),
            frozenset().union(*(one.pipelines for one in found)),
        )


def manifest_lineage(manifest: Mapping[str, Any], connection: str) -> ManifestLineage:
    """Sources, seeds, snapshots, models and exposures with one edge for each dependency.

    ``connection`` is the output of profiles.yml that dbt builds into. Two nodes of one relation are one address.
    """
    groups, addresses, ids = manifest.get("groups") or {}, dict[str, Address](), dict[str, str]()
    nodes = list(_nodes(manifest))
    for node in nodes:
        address = _exposure(node) if node["resource_type"] == "exposure" else _table(node, connection, groups)
        addresses.setdefault(address.address_id, address)
        ids[node["unique_id"]] = address.address_id
    passed = _Dependencies(manifest, ids)
    pipelines = {node["unique_id"]: pipeline_id(node["unique_id"]) for node in nodes}
    edges = frozenset(
        (pipelines[node["unique_id"]], source, ids[node["unique_id"]]) for node in nodes for source in passed.of(node)
    )
    return ManifestLineage(addresses, edges, frozenset(pipelines.values()))


def _nodes(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Nodes that are places; of two with one name, the one that builds the relation comes first."""
    tables = [node for node in manifest["nodes"].values() if node["resource_type"] in TABLE_TYPES]
    yield from sorted(tables, key=_is_ephemeral)
    yield from (manifest.get("sources") or {}).values()
    yield from (manifest.get("exposures") or {}).values()


def _is_ephemeral(node: Mapping[str, Any]) -> bool:
    return (node.get("config") or {}).get("materialized") == "ephemeral"


def _table(node: Mapping[str, Any], connection: str, groups: Mapping[str, Any]) -> Address:
    where, schema, table = location_of(node, connection)
    name, kind = f"{schema}.{table}" if schema else table, str(node["resource_type"])
    is_own = where == connection
    key = node.get("primary_key")
    metadata = {"dbt_name": node.get("name"), "materialized": (node.get("config") or {}).get("materialized")}
    if kind == "source":
        metadata = {"dbt_name": f"{node.get('source_name')}.{node.get('name')}"}
    return Address(
        name if is_own else f"{where}:{name}",
        f"dbt {kind}",
        "database",
        # dbt believes that every table is in its own database.
        database_name=str(node.get("database") or "") or None if is_own else None,
        schema_name=schema or None,
        table_name=table,
        primary_key=", ".join(map(str, key)) or None if isinstance(key, list) else None,
        address_metadata={key: value for key, value in metadata.items() if value},
        node_id=node["unique_id"],
        owner=owner_of(node, groups),
    )


def _exposure(node: Mapping[str, Any]) -> Address:
    said = node.get("owner") or {}
    owner = owner_of(node) or (said.get("name") or said.get("email") if isinstance(said, Mapping) else said)
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
    """What a node depends on, as addresses; metrics, functions and other nodes that are no place are passed through."""

    def __init__(self, manifest: Mapping[str, Any], ids: Mapping[str, str]) -> None:
        self._manifest, self._ids, self._known = manifest, ids, dict[str, frozenset[str]]()

    def of(self, node: Mapping[str, Any], passed: frozenset[str] = frozenset()) -> frozenset[str]:
        found: set[str] = set()
        for dependency in (node.get("depends_on") or {}).get("nodes") or ():
            if dependency in self._ids:
                found.add(self._ids[dependency])
            elif dependency not in passed:
                found |= self._through(dependency, passed | {dependency})
        return frozenset(found)

    def _through(self, unique_id: str, passed: frozenset[str]) -> frozenset[str]:
        if unique_id not in self._known:
            kinds = (self._manifest.get(kind) or {} for kind in PASSED_THROUGH)
            node: Mapping[str, Any] = next((kind[unique_id] for kind in kinds if unique_id in kind), {})
            self._known[unique_id] = self.of(node, passed)
        return self._known[unique_id]
