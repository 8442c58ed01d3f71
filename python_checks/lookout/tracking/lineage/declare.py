"""Lineage declared by pipelines and by dbt's manifest, its closure, and questions about it.

Edges belong to the pipeline that declares them, so two pipelines may declare the same one. Every declaration is one
transaction: addresses, edges and closure agree at any moment, whoever looks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout.tracking.lineage.closure import named_loops, out_of_step, refresh, refresh_all
from lookout.tracking.lineage.manifest import ManifestLineage
from lookout.tracking.lineage.search import LineageRow, down, lineage_text, subgraph, up
from lookout.tracking.lineage.store import (
    Changes,
    Database,
    Edge,
    Stored,
    Writer,
    stored_addresses,
    stored_edges,
    transaction,
    write_activity,
    write_addresses,
    write_edges,
)
from lookout.tracking.model import Address, addresses, pipeline_id

__all__ = [
    "Closure", "LineageRow", "declare", "declare_manifest", "down", "lineage_text", "rebuild_closure", "subgraph", "up",
]  # fmt: skip


@dataclass(frozen=True)
class Closure:
    """State of the closure: its ``rows``, how many of them ``changed`` now, and one loop of names for each cycle."""

    rows: int
    changed: int
    cycles: tuple[tuple[str, ...], ...]


def declare(
    store: Database,
    pipeline_id: str,
    sources: Sequence[Address | str],
    targets: Sequence[Address | str],
    *,
    declared_at: datetime,
) -> int:
    """Say that a pipeline moves data from every source to every target, instead of what it said before.

    Empty lists clear the pipeline's lineage. The same declaration again writes nothing. Returns the edges that were
    added and removed. Raises ConfigError for a name that is none, SourceError when the database does not answer.
    """
    starts, ends = addresses(sources), addresses(targets)
    places = {address.address_id: address for address in (*starts, *ends)}
    edges = {(pipeline_id, start.address_id, end.address_id) for start in starts for end in ends}
    with transaction(store, lock=False) as writer:
        if not _changes_of_pipeline(writer, pipeline_id, places, edges):
            return 0
    with transaction(store) as writer:
        # Somebody else may have written in between.
        return _write(writer, _changes_of_pipeline(writer, pipeline_id, places, edges), declared_at)


def declare_manifest(store: Database, lineage: ManifestLineage, *, as_of: datetime) -> int:
    """Take over the lineage of dbt's manifests: what they no longer contain is removed.

    Only differences are written. Returns the edges that were added and removed.
    """
    with transaction(store) as writer:
        stored = stored_addresses(writer, list(lineage.addresses), dbt=True)
        edges = stored_edges(writer, sorted(lineage.pipelines | _dbt_pipelines(writer, stored)))
        gone = [key for key, address in stored.items() if address.is_of_dbt and key not in lineage.addresses]
        changes = Changes(
            written=[a for key, a in lineage.addresses.items() if not _is_stored(a, stored.get(key))],
            gone=gone,
            added=lineage.edges - edges,
            removed=edges - lineage.edges,
        )
        return _write(writer, changes, as_of)


def rebuild_closure(store: Database, *, full: bool = False) -> Closure:
    """Bring the closure in step with the edges, whoever changed them, and look for cycles.

    Works out what differs and nothing else; ``full`` works out everything and repairs whatever is wrong.
    """
    with transaction(store) as writer:
        changed = refresh_all(writer) if full else refresh(writer, out_of_step(writer))
        rows = writer.rows("select count(*) from {schema}.lineage_closure")[0][0]
        return Closure(int(rows), changed, tuple(map(tuple, named_loops(writer))))


def _changes_of_pipeline(
    writer: Writer, pipeline: str, places: Mapping[str, Address], edges: Collection[Edge]
) -> Changes:
    stored, before = stored_addresses(writer, list(places), pipeline), stored_edges(writer, [pipeline])
    written = [address for key, address in places.items() if _overrules(address, stored.get(key))]
    revived = {key for key in places if key in stored and not stored[key].is_active} - {a.address_id for a in written}
    return Changes(written, revived, (), set(edges) - before, before - set(edges))


def _is_stored(address: Address, stored: Stored | None) -> bool:
    return stored is not None and stored.is_active and stored.input_hash == address.input_hash


def _overrules(address: Address, stored: Stored | None) -> bool:
    """Whether what is said here about an address takes the place of what is stored.

    What dbt says about its own tables stands. A mere name takes nothing away from what another pipeline has lineage.
    """
    if stored is None:
        return True
    if stored.is_of_dbt or stored.input_hash == address.input_hash:
        return False
    is_name_only = address == Address(address.name)
    return not (is_name_only and stored.is_shared)


def _dbt_pipelines(writer: Writer, stored: Mapping[str, Stored]) -> set[str]:
    """Pipelines of dbt nodes, those included that the project no longer has."""
    known = writer.rows("select pipeline_id from {schema}.pipelines where node_id <> ''")
    return {row[0] for row in known} | {pipeline_id(a.node_id) for a in stored.values() if a.node_id}


def _write(writer: Writer, changes: Changes, at: datetime) -> int:
    if not changes:
        return 0
    if changes.written:
        write_addresses(writer, changes, at)
    write_edges(writer, changes, at)
    write_activity(writer, changes, at)
    refresh(writer, {(edge[1], edge[2]) for edges in (changes.added, changes.removed) for edge in edges})
    return len(changes.added) + len(changes.removed)
