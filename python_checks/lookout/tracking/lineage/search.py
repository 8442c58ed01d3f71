"""Queries of the lineage: upstream and downstream of an asset, and the graph around it. Reads only."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lookout.errors import ConfigError
from lookout.tracking.lineage.store import Database, Writer, transaction
from lookout.tracking.model import address_id

MOST_CANDIDATES = 10
UNLIMITED = 2**31 - 1
# Columns of a pair: that of the far end, and that of the end nearer to the asset.
ENDS = {"up": ("source_address_id", "target_address_id"), "down": ("target_address_id", "source_address_id")}


@dataclass(frozen=True)
class LineageRow:
    """One address above or below an asset, and the asset itself at depth 0.

    ``pipelines`` move the data over the step between it and ``nearer``, the addresses one step nearer to the asset.
    """

    name: str
    address_type: str
    depth: int
    owner: str
    pipelines: tuple[str, ...]
    nearer: tuple[str, ...]
    node_id: str = ""


class Found(NamedTuple):
    """An address that matches the name of an asset."""

    address_id: str
    name: str
    address_type: str
    node_id: str
    owner: str


def up(store: Database, asset: str, depth: int | None = None) -> list[LineageRow]:
    """Return all that feeds an asset in at most ``depth`` steps, the asset first, then nearest first.

    An asset is an address, schema.table, a dbt model, source.table, an exposure or a unique id. Raises ConfigError for
    one that is unknown or ambiguous.
    """
    return _one_way(store, asset, depth, "up")


def down(store: Database, asset: str, depth: int | None = None) -> list[LineageRow]:
    """Return all that an asset feeds; otherwise like ``up``."""
    return _one_way(store, asset, depth, "down")


def subgraph(store: Database, asset: str, depth: int | None = 2, direction: str = "both") -> dict[str, Any]:
    """Return the graph around an asset for JSON: ``centre``, ``nodes`` (``depth`` below 0 is upstream) and ``edges``.

    An edge is in it when both of its ends are; it lists the ``pipelines`` that declare it.
    """
    if direction not in (*ENDS, "both"):
        raise ConfigError(f"Direction {direction!r} is none: write up, down or both.")
    _check_depth(depth)
    with transaction(store, lock=False) as reader:
        found = find(reader, asset)
        depths = {found.address_id: 0}
        for way, sign in (("up", -1), ("down", 1)):
            if direction in (way, "both"):
                for address, steps in _reached(reader, found.address_id, depth, way):
                    if address not in depths or steps < abs(depths[address]):
                        depths[address] = sign * steps
        return {"centre": found.address_id, "nodes": _nodes(reader, depths), "edges": _edges(reader, list(depths))}


def lineage_text(rows: Sequence[LineageRow]) -> str:
    """Return the rows of ``up`` or ``down`` as a tree; an address with several parents is under the first of them."""
    below: dict[str, list[LineageRow]] = {}
    for row in reversed(rows[1:]):
        below.setdefault(row.nearer[0] if row.nearer else rows[0].name, []).append(row)
    # A dbt node is its own pipeline, which is not repeated.
    nodes = {row.node_id.lower() for row in rows}
    lines, waiting = [], [(row, "", "") for row in rows[:1]]
    while waiting:
        row, branch, indent = waiting.pop()
        lines.append(branch + _described(row, nodes))
        for index, next_row in enumerate(below.pop(row.name, [])):
            corner, rest = ("└─ ", "   ") if index == 0 else ("├─ ", "│  ")
            waiting.append((next_row, indent + corner, indent + rest))
    return "\n".join(lines)


def find(reader: Writer, asset: str) -> Found:
    """Return the one address that a name means. Raises ConfigError with similar names, or with all it may mean."""
    columns = "address_id, name, coalesce(address_type, ''), coalesce(node_id, ''), coalesce(owner, '')"
    asset = asset.strip()
    if not asset:
        raise ConfigError("No asset is named: write schema.table, the name of a dbt model or an address.")
    exact = reader.rows(
        f"select {columns} from {{schema}}.addresses where is_active and (address_id = %s or node_id = %s) "  # noqa: S608
        "order by node_id = %s limit 1",
        (address_id(asset), asset, asset),
    )
    if exact:
        return Found(*exact[0])
    found = reader.rows(
        f"""
        select {columns},
            lower(%(asset)s) in (
                lower(concat_ws('.', schema_name, table_name)),
                lower(concat_ws('.', database_name, schema_name, table_name))
            ) as is_qualified_name
        from {{schema}}.addresses
        where is_active and (
            lower(name) = lower(%(asset)s) or lower(table_name) = lower(%(table)s)
            or right(node_id, length(%(asset)s) + 1) = '.' || %(asset)s
        )
        """,  # noqa: S608
        {"asset": asset, "table": asset.rpartition(".")[2]},
    )
    best = _best([(Found(*row[:5]), bool(row[5])) for row in found], asset)
    if len(best) == 1:
        return best[0]
    if best:
        names = sorted(f"{found.name} ({found.address_type})" for found in best)
        more = f" and {len(names) - MOST_CANDIDATES} more" if len(names) > MOST_CANDIDATES else ""
        raise ConfigError(f"'{asset}' means {', '.join(names[:MOST_CANDIDATES])}{more}: write which one.")
    raise ConfigError(_unknown(reader, asset))


def _best(found: Sequence[tuple[Found, bool]], asset: str) -> list[Found]:
    """Return the best matches: the name in another case, else schema.table or a dbt name, else a bare table name."""
    same_name = [f for f, _ in found if f.name.lower() == asset.lower()]
    same_table_or_node = [f for f, is_qualified_name in found if is_qualified_name or dbt_name(f.node_id) == asset]
    same_bare_name = [f for f, _ in found if "." not in asset]
    return same_name or same_table_or_node or same_bare_name


def dbt_name(node_id: str) -> str:
    """Return a dbt node as people write it: orders for model.shop.orders, erp.orders for source.shop.erp.orders."""
    return ".".join(node_id.split(".")[2:])


def _unknown(reader: Writer, asset: str) -> str:
    """Return the message about an asset that no active address matches."""
    rows = reader.rows("select name, coalesce(node_id, ''), is_active from {schema}.addresses")
    if any(not active and asset in (name, node_id, dbt_name(node_id)) for name, node_id, active in rows):
        return f"'{asset}' is no longer part of the lineage: no pipeline and no dbt project declares it any more."
    if not rows:
        return f"There is no lineage yet, so '{asset}' is unknown: run `lookout run`, or let a pipeline declare some."
    known = {name for row in rows if row[2] for name in (row[0], dbt_name(row[1])) if name}
    close = difflib.get_close_matches(asset, _similar_names(asset, known), n=3)
    hint = "write schema.table or a dbt name."
    if close:
        hint = f"did you mean {' or '.join(repr(name) for name in close)}?"
    return f"No asset '{asset}' is part of the lineage; {hint}"


def _similar_names(asset: str, known: Iterable[str]) -> list[str]:
    """Return the 200 names that share most pairs of letters with the asset: a full comparison of all takes seconds."""
    pairs = {asset[i : i + 2].lower() for i in range(len(asset) - 1)}
    shared = Counter({name: sum(pair in name.lower() for pair in pairs) for name in known})
    return [name for name, _ in shared.most_common(200)]


def _check_depth(depth: int | None) -> None:
    if depth is not None and (not isinstance(depth, int) or depth < 1):
        raise ConfigError(f"A depth of {depth!r} is none: write a whole number from 1, or leave it out for all.")


def _one_way(store: Database, asset: str, depth: int | None, way: str) -> list[LineageRow]:
    """Return the rows of ``up`` or ``down``, as ``way`` says."""
    _check_depth(depth)
    far, near = ENDS[way]
    with transaction(store, lock=False) as reader:
        start = find(reader, asset)
        rows = reader.rows(
            f"""
            select a.address_id, a.name, coalesce(a.address_type, ''), coalesce(a.node_id, ''), coalesce(a.owner, ''),
                c.depth
            from {{schema}}.lineage_closure as c
            inner join {{schema}}.addresses as a on a.address_id = c.{far}
            where c.{near} = %s and c.depth between 1 and %s order by c.depth, a.name
            """,  # noqa: S608
            (start.address_id, depth if depth is not None else UNLIMITED),
        )
        steps = _steps(reader, [row[0] for row in rows], way)
    depths = {start.address_id: (0, start), **{row[0]: (row[5], Found(*row[:5])) for row in rows}}
    pipelines: dict[str, set[str]] = {key: set() for key in depths}
    nearer: dict[str, set[str]] = {key: set() for key in depths}
    for far_id, near_id, target_id, name, pipeline in steps:
        if near_id in depths and depths[near_id][0] == depths[far_id][0] - 1:
            pipelines[far_id].add(name or depths[target_id][1].node_id or pipeline)
            nearer[far_id].add(depths[near_id][1].name)
    return [
        LineageRow(
            name=address.name,
            address_type=address.address_type,
            depth=steps_away,
            owner=address.owner,
            pipelines=tuple(sorted(pipelines[key])),
            nearer=tuple(sorted(nearer[key])),
            node_id=address.node_id,
        )
        for key, (steps_away, address) in depths.items()
    ]


def _steps(reader: Writer, addresses: Sequence[str], way: str) -> list[tuple[Any, ...]]:
    """Return the edges at addresses as rows: far end, near end, target, name of the pipeline, its id.

    They are joined with the closure in Python, because a planner that expects a handful of rows would compare each row
    with every other.
    """
    far, near = ENDS[way]
    return reader.rows(
        f"""
        select e.{far}, e.{near}, e.target_address_id, coalesce(p.name, ''), e.pipeline_id
        from {{schema}}.address_lineage as e
        left join {{schema}}.pipelines as p on p.pipeline_id = e.pipeline_id
        where e.{far} = any(%s)
        """,  # noqa: S608
        (list(addresses),),
    )


def _reached(reader: Writer, start: str, depth: int | None, way: str) -> list[tuple[str, int]]:
    """Return the addresses within ``depth`` steps of one, each with its number of steps."""
    far, near = ENDS[way]
    rows = reader.rows(
        f"select {far}, depth from {{schema}}.lineage_closure where {near} = %s and depth between 1 and %s",  # noqa: S608
        (start, depth if depth is not None else UNLIMITED),
    )
    return [(address, steps) for address, steps in rows]


def _nodes(reader: Writer, depths: Mapping[str, int]) -> list[dict[str, Any]]:
    names = ("id", "name", "address_type", "group_name", "owner", "node_id", "address_metadata")
    rows = reader.rows(
        """
        select a.address_id, a.name, a.address_type, coalesce(t.group_name, ''), coalesce(a.owner, ''),
            coalesce(a.node_id, ''), a.address_metadata
        from {schema}.addresses as a
        left join {schema}.address_types as t on t.name = a.address_type
        where a.address_id = any(%s) order by a.name
        """,
        (list(depths),),
    )
    return [{**dict(zip(names, row, strict=True)), "depth": depths[row[0]]} for row in rows]


def _edges(reader: Writer, nodes: Sequence[str]) -> list[dict[str, Any]]:
    rows = reader.rows(
        """
        select e.source_address_id, e.target_address_id, jsonb_agg(jsonb_build_object(
            'pipeline_id', e.pipeline_id, 'name', coalesce(p.name, nullif(a.node_id, ''), e.pipeline_id),
            'pipeline_type', p.pipeline_type, 'active', p.active
        ) order by p.name, e.pipeline_id)
        from {schema}.address_lineage as e
        inner join {schema}.addresses as a on a.address_id = e.target_address_id
        left join {schema}.pipelines as p on p.pipeline_id = e.pipeline_id
        where e.source_address_id = any(%(nodes)s) and e.target_address_id = any(%(nodes)s)
        group by e.source_address_id, e.target_address_id order by e.source_address_id, e.target_address_id
        """,
        {"nodes": list(nodes)},
    )
    return [{"source": row[0], "target": row[1], "pipelines": row[2]} for row in rows]


def _described(row: LineageRow, nodes: Collection[str]) -> str:
    """Return the line of a row; ``nodes`` are dbt's unique ids in lower case, which are not named as pipelines."""
    pipelines = [name for name in row.pipelines if name.lower() not in nodes]
    facts = [row.address_type, f"owner {row.owner}" if row.owner else ""]
    if pipelines:
        facts.append(f"pipeline {', '.join(pipelines)}")
    if len(row.nearer) > 1:
        facts.append(f"also by way of {', '.join(row.nearer[1:])}")
    text = f"{row.name}  ({'; '.join(filter(None, facts))})"
    return "".join(letter if letter.isprintable() else "?" for letter in text)
