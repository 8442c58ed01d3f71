"""Lineage declared by pipelines and by dbt's manifest, and its closure.

Edges belong to the pipeline that declares them, so two pipelines may declare the same one. Every declaration is one
transaction: every reader sees addresses, edges and closure that agree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout.tracking.lineage.closure import mismatched_edges, named_loops, refresh, refresh_all
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
    """State of the closure: its ``rows``, how many of them ``changed`` now, and a loop of names per cycle."""

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
    """Declare that a pipeline moves data from every source to every target, in place of its earlier declaration.

    Empty lists clear the pipeline's lineage. The same declaration again writes nothing. Return the number of edges
    added and removed. Raises ConfigError for an invalid name, SourceError when the database does not answer.
    """
    starts, ends = addresses(sources), addresses(targets)
    declared = {address.address_id: address for address in (*starts, *ends)}
    edges = {(pipeline_id, start.address_id, end.address_id) for start in starts for end in ends}
    with transaction(store, lock=False) as writer:
        if not _changes_of_pipeline(writer, pipeline_id, declared, edges):
            return 0
    with transaction(store) as writer:
        # Another writer may have been faster, so the changes are worked out again under the lock.
        return _write(writer, _changes_of_pipeline(writer, pipeline_id, declared, edges), declared_at)


def declare_manifest(store: Database, lineage: ManifestLineage, *, as_of: datetime) -> int:
    """Store the lineage of dbt's manifests and remove what they no longer contain.

    Only differences are written. Return the number of edges added and removed.
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
    """Bring the closure in step with the edges, whoever changed them, and return its state with the cycles.

    Only what differs is computed; ``full`` computes everything and repairs whatever is wrong.
    """
    with transaction(store) as writer:
        changed = refresh_all(writer) if full else refresh(writer, mismatched_edges(writer))
        rows = writer.rows("select count(*) from {schema}.lineage_closure")[0][0]
        cycles = tuple(tuple(loop) for loop in named_loops(writer))
        return Closure(int(rows), changed, cycles)


def _changes_of_pipeline(
    writer: Writer, pipeline: str, declared: Mapping[str, Address], edges: Collection[Edge]
) -> Changes:
    stored = stored_addresses(writer, list(declared), pipeline)
    written = {key: address for key, address in declared.items() if _overrules(address, stored.get(key))}
    inactive = {key for key in declared if key in stored and not stored[key].is_active}
    before = stored_edges(writer, [pipeline])
    return Changes(
        written=list(written.values()),
        revived=inactive - written.keys(),
        added=set(edges) - before,
        removed=before - set(edges),
    )


def _is_stored(address: Address, stored: Stored | None) -> bool:
    return stored is not None and stored.is_active and stored.input_hash == address.input_hash


def _overrules(address: Address, stored: Stored | None) -> bool:
    """Return whether a pipeline's declaration of an address replaces the stored one.

    dbt's description of its own tables stays. A bare name does not replace an address that another pipeline declares.
    """
    if stored is None:
        return True
    if stored.is_of_dbt or stored.input_hash == address.input_hash:
        return False
    is_name_only = address == Address(address.name)
    return not (is_name_only and stored.is_shared)


def _dbt_pipelines(writer: Writer, stored: Mapping[str, Stored]) -> set[str]:
    """Return the pipelines of dbt nodes, including those of nodes that the project no longer has."""
    known = writer.rows("select pipeline_id from {schema}.pipelines where node_id <> ''")
    return {row[0] for row in known} | {pipeline_id(a.node_id) for a in stored.values() if a.node_id}


def _write(writer: Writer, changes: Changes, at: datetime) -> int:
    """Write the changes and the closure. Return the number of edges added and removed."""
    if not changes:
        return 0
    if changes.written:
        write_addresses(writer, changes, at)
    write_edges(writer, changes, at)
    write_activity(writer, changes, at)
    changed_edges = [*changes.added, *changes.removed]
    refresh(writer, {(source, target) for _, source, target in changed_edges})
    return len(changes.added) + len(changes.removed)
