"""Graphs as arrays: shortest distances between nodes, and loops. Pure.

Nodes are the numbers 0 to ``nodes`` - 1; an edge i goes from ``tails[i]`` to ``heads[i]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
# Cells of the table of roots and nodes that is worked on at a time: 64 MB.
CELLS = 2**24


class Reach(NamedTuple):
    """Pairs of nodes, the second reached from the first in ``depths`` steps and no fewer; all of one length."""

    sources: Numbers
    targets: Numbers
    depths: Numbers


def closure(nodes: int, tails: Numbers, heads: Numbers, roots: Numbers, *, cells: int = CELLS) -> Iterator[Reach]:
    """Yield all that the roots reach, themselves at depth 0, for some roots at a time.

    Breadth first from many roots at once: each round takes one step from every pair found in the round before, and
    drops pairs seen earlier, which is why diamonds count once and cycles end. Costs one look at each edge for each
    root that reaches it.
    """
    order = np.argsort(tails, kind="stable")
    following = heads[order].astype(np.int64)
    first = np.searchsorted(tails[order], np.arange(nodes + 1)).astype(np.int64)
    width = max(1, cells // max(nodes, 1))
    # 0: not reached yet. One array for all pieces, because clearing the touched cells is cheaper than a new one.
    seen = np.zeros(min(width, len(roots)) * nodes, dtype=np.int32)
    for begin in range(0, len(roots), width):
        piece = roots[begin : begin + width].astype(np.int64)
        yield _reached(nodes, following, first, piece, seen)


def _reached(nodes: int, following: Numbers, first: Numbers, roots: Numbers, seen: NDArray[np.int32]) -> Reach:
    """Return all that the roots reach; the edges of node n lead to ``following[first[n]:first[n + 1]]``."""
    rows, at = np.arange(len(roots), dtype=np.int64), roots
    found = [rows * nodes + at]
    seen[found[0]] = 1
    while len(at):
        fan = first[at + 1] - first[at]
        origin = np.repeat(np.arange(len(at)), fan)
        step = np.arange(len(origin)) - np.repeat(np.cumsum(fan) - fan, fan)
        cells = rows[origin] * nodes + following[first[at[origin]] + step]
        cells = cells[seen[cells] == 0]
        # A cell that several steps lead to is kept once: for the last step that wrote its number there.
        numbers = np.arange(1, len(cells) + 1, dtype=np.int32)
        seen[cells] = numbers
        cells = cells[seen[cells] == numbers]
        found.append(cells)
        rows, at = np.divmod(cells, nodes)
    reached = np.concatenate(found)
    seen[reached] = 0
    rows, targets = np.divmod(reached, nodes)
    depths = np.repeat(np.arange(len(found)), [len(cells) for cells in found])
    return Reach(roots[rows], targets, depths)


def loops(nodes: int, tails: Numbers, heads: Numbers) -> list[list[int]]:
    """Return one shortest loop of each group of nodes that reach each other, its first node repeated at its end.

    The loop goes through the lowest node of its group; the groups come in order of that node.
    """
    tails, heads = _core(nodes, tails, heads)
    if not len(tails):
        return []
    # Installed with dbt. Importing it takes longer than the whole search where there is no loop.
    import networkx

    graph = networkx.DiGraph(zip(tails.tolist(), heads.tolist(), strict=True))
    found = []
    for group in sorted(networkx.strongly_connected_components(graph), key=min):
        within, start = graph.subgraph(group), min(group)
        if len(group) == 1 and not graph.has_edge(start, start):
            continue
        paths = networkx.single_source_shortest_path(within, start)
        last = min(within.predecessors(start), key=lambda node: (len(paths[node]), node))
        found.append([*paths[last], start])
    return found


def _core(nodes: int, tails: Numbers, heads: Numbers) -> tuple[Numbers, Numbers]:
    """Return the edges without those in no loop because nothing leads to their start or on from their end."""
    while len(tails):
        leads_on = np.bincount(tails, minlength=nodes) > 0
        led_to = np.bincount(heads, minlength=nodes) > 0
        keep = leads_on[heads] & led_to[tails]
        if keep.all():
            break
        tails, heads = tails[keep], heads[keep]
    return tails, heads
