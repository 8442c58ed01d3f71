"""The table ``lineage_closure``, kept in step with the edges: only what a changed edge can affect is computed again."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lookout.errors import SourceError
from lookout.tracking.lineage.graph import Numbers, Reach, closure, loops
from lookout.tracking.lineage.store import Writer

Pair = tuple[str, str]
# So many pairs are some 40 GB of disk: a mistake in the declarations.
MOST_PAIRS = 100_000_000
# Beyond so many roots, reading all edges is quicker than following them from each.
FEW_ROOTS = 2_000
HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
# One row of a binary COPY: three fields, each its length and then its value, big-endian.
ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("n1", ">i4"),
        ("source", "S32"),
        ("n2", ">i4"),
        ("target", "S32"),
        ("n3", ">i4"),
        ("depth", ">i4"),
    ]
)


class Graph(NamedTuple):
    """Edges between numbered addresses: ``ids[tails[i]]`` -> ``ids[heads[i]]``."""

    ids: Sequence[str]
    tails: Numbers
    heads: Numbers


def refresh(writer: Writer, changed: Iterable[Pair]) -> int:
    """Compute again the pairs that edges, added or removed, can affect. Return the number of changed rows.

    A pair (x, y) can only change when x reached the start of a changed edge before, or is an end of one: every new path
    begins with old edges up to the first new one.
    """
    pairs = set(changed)
    if not pairs:
        return 0
    before = writer.rows(
        "select distinct source_address_id from {schema}.lineage_closure where target_address_id = any(%s)",
        (list({source for source, _ in pairs}),),
    )
    ends = {end for pair in pairs for end in pair}
    roots = ends | {row[0] for row in before}
    graph = read_graph(writer, sorted(roots) if len(roots) <= FEW_ROOTS else None)
    return _replace(writer, graph, sorted(roots))


def refresh_all(writer: Writer) -> int:
    """Compute everything again. Return the number of changed rows."""
    graph = read_graph(writer)
    return _replace(writer, graph, None)


def mismatched_edges(writer: Writer) -> list[Pair]:
    """Return edges missing in the closure, and its pairs of depth 1 that are no edges; also addresses, as (x, x)."""
    found = writer.rows(
        """
        with edges as (
            select distinct source_address_id as s, target_address_id as t from {schema}.address_lineage
        ), wanted as (
            select s, t, 1 as depth from edges where s <> t
            union select s, s, 0 from edges
            union select t, t, 0 from edges
        ), known as (
            select source_address_id as s, target_address_id as t, depth from {schema}.lineage_closure where depth <= 1
        )
        select coalesce(wanted.s, known.s), coalesce(wanted.t, known.t) from wanted
        full join known on wanted.s = known.s and wanted.t = known.t and wanted.depth = known.depth
        where wanted.s is null or known.s is null
        """
    )
    return [(row[0], row[1]) for row in found]


def read_graph(writer: Writer, roots: Sequence[str] | None = None) -> Graph:
    """Return all edges, or those that can be reached from the roots."""
    if roots is None:
        rows = writer.rows("select distinct source_address_id, target_address_id from {schema}.address_lineage")
    else:
        rows = writer.rows(
            """
            with recursive reached (address_id) as (
                select unnest(%s::text[])
                union
                select e.target_address_id from reached as r
                inner join {schema}.address_lineage as e on e.source_address_id = r.address_id
            )
            select e.source_address_id, e.target_address_id from reached as r
            inner join {schema}.address_lineage as e on e.source_address_id = r.address_id
            union
            -- A root that data only flows to is in the graph, too.
            select null, e.target_address_id from {schema}.address_lineage as e where e.target_address_id = any(%s)
            """,
            (list(roots), list(roots)),
        )
    ends = np.array([end for row in rows for end in row], dtype=object)
    # Sorted, so that rows are written in the order of the index.
    numbers, ids = pd.factorize(ends, sort=True)
    tails, heads = numbers[::2].astype(np.int64), numbers[1::2].astype(np.int64)
    is_edge = tails >= 0
    return Graph([str(i) for i in ids], tails[is_edge], heads[is_edge])


def named_loops(writer: Writer) -> list[list[str]]:
    """Return one shortest loop of names per group of addresses that reach each other, the first again at the end."""
    graph = read_graph(writer)
    found = loops(len(graph.ids), graph.tails, graph.heads)
    wanted = sorted({graph.ids[node] for loop in found for node in loop})
    names = dict(writer.rows("select address_id, name from {schema}.addresses where address_id = any(%s)", (wanted,)))
    named = []
    for loop in found:
        addresses = [graph.ids[node] for node in loop]
        named.append(_from_first_name([names.get(address, address) for address in addresses]))
    return sorted(named)


def _from_first_name(loop: list[str]) -> list[str]:
    """Return the same loop, beginning at its first name in alphabetical order."""
    start = loop.index(min(loop))
    return [*loop[start:-1], *loop[:start], loop[start]]


def _replace(writer: Writer, graph: Graph, roots: Sequence[str] | None) -> int:
    """Replace the stored closure of the roots, or of every address. Return the number of changed rows."""
    numbers = {address: number for number, address in enumerate(graph.ids)}
    starts = list(numbers.values()) if roots is None else [numbers[root] for root in roots if root in numbers]
    pieces = closure(len(graph.ids), graph.tails, graph.heads, np.array(starts, dtype=np.int64))
    parameters = {"roots": None if roots is None else list(roots)}
    is_stored = "%(roots)s::text[] is null or c.source_address_id = any(%(roots)s::text[])"
    if not writer.rows(f"select 1 from {{schema}}.lineage_closure as c where {is_stored} limit 1", parameters):  # noqa: S608
        return writer.copy(
            "{schema}.lineage_closure (source_address_id, target_address_id, depth)", _copy_stream(graph, pieces)
        )
    writer.run("create temporary table lookout_reached (s text, t text, depth integer) on commit drop")
    writer.copy("lookout_reached", _copy_stream(graph, pieces))
    writer.run("analyze lookout_reached")
    changed = writer.run(
        f"""
        delete from {{schema}}.lineage_closure as c
        where ({is_stored}) and not exists (
            select from lookout_reached as r where r.s = c.source_address_id and r.t = c.target_address_id
        )
        """,  # noqa: S608
        parameters,
    )
    changed += writer.run(
        "update {schema}.lineage_closure as c set depth = r.depth from lookout_reached as r "
        "where r.s = c.source_address_id and r.t = c.target_address_id and r.depth <> c.depth"
    )
    changed += writer.run(
        "insert into {schema}.lineage_closure (source_address_id, target_address_id, depth) "
        "select r.s, r.t, r.depth from lookout_reached as r "
        "left join {schema}.lineage_closure as c on r.s = c.source_address_id and r.t = c.target_address_id "
        "where c.source_address_id is null"
    )
    writer.run("drop table lookout_reached")
    return changed


def _copy_stream(graph: Graph, pieces: Iterable[Reach]) -> Iterator[bytes]:
    """Yield the pairs as a binary COPY stream, one piece after the other."""
    ids = [address_id.encode() for address_id in graph.ids]
    is_md5 = all(len(address_id) == 32 for address_id in ids)
    array = np.array(ids, dtype="S32" if is_md5 else object)
    to_bytes = _md5_rows if is_md5 else _text_rows
    count = 0
    yield HEADER
    for piece in pieces:
        count += len(piece.sources)
        if count > MOST_PAIRS:
            raise SourceError(
                f"The declared lineage joins more than {MOST_PAIRS:,} pairs of addresses: "
                "look for a pipeline that declares every table as a source of every other."
            )
        yield to_bytes(array[piece.sources], array[piece.targets], piece.depths)
    yield TRAILER


def _md5_rows(sources: Any, targets: Any, depths: Numbers) -> bytes:
    """Return rows of identities of 32 characters, as md5 gives them."""
    rows = np.zeros(len(depths), dtype=ROW)
    rows["fields"], rows["n1"], rows["n2"], rows["n3"] = 3, 32, 32, 4
    rows["source"], rows["target"], rows["depth"] = sources, targets, depths
    return bytes(rows.tobytes())


def _text_rows(sources: Any, targets: Any, depths: Numbers) -> bytes:
    """Return rows of identities of any length, for edges that were written by hand."""
    return b"".join(
        struct.pack(f">hi{len(s)}si{len(t)}sii", 3, len(s), s, len(t), t, 4, d)
        for s, t, d in zip(sources, targets, depths.tolist(), strict=True)
    )
