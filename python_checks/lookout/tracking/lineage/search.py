"""Questions about lineage: what feeds an asset, what it feeds, and the picture around it. Reads only."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from lookout.errors import ConfigError
from lookout.tracking.lineage.store import Database, Writer, transaction
from lookout.tracking.model import address_id

Direction = Literal["up", "down", "both"]
MOST_CANDIDATES = 10
# The far end of a pair, seen from the asset: (its column, the column of the asset's own end).
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
    """An address that was asked for."""

    address_id: str
    name: str
    address_type: str
    node_id: str
    owner: str


def up(store: Database, asset: str, depth: int | None = None) -> list[LineageRow]:
    """Everything that feeds an asset in at most ``depth`` steps, the asset first, then nearest first.

    An asset is an address, schema.table, a dbt model, source.table, an exposure or a unique id. Raises ConfigError for
    one that is unknown or means several.
    """
    return _one_way(store, asset, depth, "up")


def down(store: Database, asset: str, depth: int | None = None) -> list[LineageRow]:
    """Everything that an asset feeds; otherwise like ``up``."""
    return _one_way(store, asset, depth, "down")


def subgraph(store: Database, asset: str, depth: int | None = 2, direction: str = "both") -> dict[str, Any]:
    """The picture around an asset, JSON-able: ``centre``, ``nodes`` (``depth`` below 0 is upstream) and ``edges``.

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
                for reached, steps in _reached(reader, found.address_id, depth, way):
                    if reached not in depths or steps < abs(depths[reached]):
                        depths[reached] = sign * steps
        return {"centre": found.address_id, "nodes": _nodes(reader, depths), "edges": _edges(reader, list(depths))}


def lineage_text(rows: Sequence[LineageRow]) -> str:
    """The rows of ``up`` or ``down`` as a tree; an address that several ways lead to stands under the first of them."""
    below: dict[str, list[LineageRow]] = {}
    for row in reversed(rows[1:]):
        below.setdefault(row.nearer[0] if row.nearer else rows[0].name, []).append(row)
    # A dbt node is its own pipeline, which goes without saying.
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
    """The one address that is meant. Raises ConfigError with close names, or with all that it may mean."""
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
            ) as is_place
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
    """Those that fit best: the name in another case, then a place or a name of dbt, then the bare name of a table."""
    for fits in (
        [f for f, _ in found if f.name.lower() == asset.lower()],
        [f for f, is_place in found if is_place or dbt_name(f.node_id) == asset],
        [f for f, _ in found if "." not in asset],
    ):
        if fits:
            return fits
    return []


def dbt_name(node_id: str) -> str:
    """How people write a dbt node: orders for model.shop.orders, erp.orders for source.shop.erp.orders."""
    return ".".join(node_id.split(".")[2:])


def _unknown(reader: Writer, asset: str) -> str:
    rows = reader.rows("select name, coalesce(node_id, ''), is_active from {schema}.addresses")
    if any(not active and asset in (name, node_id, dbt_name(node_id)) for name, node_id, active in rows):
        return f"'{asset}' is no longer part of the lineage: no pipeline and no dbt project declares it any more."
    if not rows:
        return f"There is no lineage yet, so '{asset}' is unknown: run `lookout run`, or let a pipeline declare some."
    known = {name for row in rows if row[2] for name in (row[0], dbt_name(row[1])) if name}
    close = difflib.get_close_matches(asset, _alike(asset, known), n=3)
    hint = (
        f"did you mean {' or '.join(repr(name) for name in close)}?" if close else "write schema.table or a dbt name."
    )
    return f"No asset '{asset}' is part of the lineage; {hint}"


def _alike(asset: str, known: Iterable[str]) -> list[str]:
    """The names that share most pairs of letters with the asset: comparing it with all of them takes seconds."""
    pairs = {asset[i : i + 2].lower() for i in range(len(asset) - 1)}
    shared = Counter({name: sum(pair in name.lower() for pair in pairs) for name in known})
    return [name for name, _ in shared.most_common(200)]


def _check_depth(depth: int | None) -> None:
    if depth is not None and (not isinstance(depth, int) or depth < 1):
        raise ConfigError(f"A depth of {depth!r} is none: write a whole number from 1, or leave it out for all.")


def _one_way(store: Database, asset: str, depth: int | None, way: str) -> list[LineageRow]:
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
            (start.address_id, depth if depth is not None else 2**31 - 1),
        )
        # Put together here: a database that expects a handful of rows would compare all of them with each other.
        steps = reader.rows(
            f"""
            select e.{far}, e.{near}, e.target_address_id, coalesce(p.name, ''), e.pipeline_id
            from {{schema}}.address_lineage as e
            left join {{schema}}.pipelines as p on p.pipeline_id = e.pipeline_id
            where e.{far} = any(%s)
            """,  # noqa: S608
            ([row[0] for row in rows],),
        )
    depths = {start.address_id: (0, start), **{row[0]: (row[5], Found(*row[:5])) for row in rows}}
    pipelines: dict[str, set[str]] = {key: set() for key in depths}
    nearer: dict[str, set[str]] = {key: set() for key in depths}
    for there, here, target, name, pipeline in steps:
        if here in depths and depths[here][0] == depths[there][0] - 1:
            pipelines[there].add(name or depths[target][1].node_id or pipeline)
            nearer[there].add(depths[here][1].name)
    return [
        LineageRow(
            a.name, a.address_type, away, a.owner, tuple(sorted(pipelines[key])), tuple(sorted(nearer[key])), a.node_id
        )
        for key, (away, a) in depths.items()
    ]


def _reached(reader: Writer, start: str, depth: int | None, way: str) -> list[tuple[str, int]]:
    far, near = ENDS[way]
    return [
        (row[0], row[1])
        for row in reader.rows(
            f"select {far}, depth from {{schema}}.lineage_closure where {near} = %s and depth between 1 and %s",  # noqa: S608
            (start, depth if depth is not None else 2**31 - 1),
        )
    ]


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
    pipelines = [name for name in row.pipelines if name.lower() not in nodes]
    facts = [row.address_type, f"owner {row.owner}" if row.owner else ""]
    facts += [f"pipeline {', '.join(pipelines)}" if pipelines else ""]
    facts += [f"also by way of {', '.join(row.nearer[1:])}" if len(row.nearer) > 1 else ""]
    text = f"{row.name}  ({'; '.join(filter(None, facts))})"
    return "".join(letter if letter.isprintable() else "?" for letter in text)
