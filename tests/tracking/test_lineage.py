"""Lineage: declared edges are exactly what was said last, the closure follows every change, alerts know what they reach."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookout.database.connection import Connection
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.tracking.lineage.declare import declare, declare_manifest, rebuild_closure
from lookout.tracking.lineage.graph import closure, loops
from lookout.tracking.lineage.manifest import manifest_lineage
from lookout.tracking.lineage.search import down, lineage_text, subgraph, up
from lookout.tracking.model import Address, address_id, pipeline_id
from tests.conftest import Observed, Server, dbt_runner

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
LATER = NOW + timedelta(days=1)
TABLES = (
    "addresses",
    "address_types",
    "address_lineage",
    "lineage_closure",
    "pipelines",
    "assets",
    "alerts",
    "monitors",
)
CHAIN, DIAMOND = [("1", "2"), ("2", "3")], [("1", "2"), ("1", "3"), ("2", "4"), ("3", "4")]


@pytest.fixture(scope="module")
def database(server: Server, observed_project: Observed) -> Connection:
    return server.create_database("lineage", template="observed_template")


@pytest.fixture
def store(database: Connection) -> Iterator[Store]:
    with Store(database) as opened:
        for table in TABLES:
            opened.execute(f"truncate {{schema}}.{table}")
        yield opened


def say(store: Store, edges: list[tuple[str, str]], at: datetime = NOW) -> None:
    """One pipeline for each edge."""
    for source, target in edges:
        declare(store, f"{source}->{target}", [source], [target], declared_at=at)


def rows_of(store: Store) -> set[tuple[str, str, int]]:
    found = store.query(
        "select s.name, t.name, c.depth from {schema}.lineage_closure as c "
        "inner join {schema}.addresses as s on s.address_id = c.source_address_id "
        "inner join {schema}.addresses as t on t.address_id = c.target_address_id"
    )
    return set(map(tuple, found.to_numpy().tolist()))


def edges_of(store: Store, pipeline: str | None = None) -> list[tuple[str, str]]:
    found = store.query(
        "select s.name, t.name from {schema}.address_lineage as e "
        "inner join {schema}.addresses as s on s.address_id = e.source_address_id "
        "inner join {schema}.addresses as t on t.address_id = e.target_address_id "
        "where %(p)s::text is null or e.pipeline_id = %(p)s order by 1, 2",
        {"p": pipeline},
    )
    return list(map(tuple, found.to_numpy().tolist()))


def written(store: Store) -> list[list[Any]]:
    """Every row with the transaction that wrote it: equal before and after means that nothing was written."""
    return [
        sorted(store.query(f"select xmin::text, ctid::text, t::text from {{schema}}.{table} as t").to_numpy().tolist())
        for table in TABLES[:4]
    ]


def expected(edges: list[tuple[Any, Any]]) -> set[tuple[Any, Any, int]]:
    graph = networkx.DiGraph(edges)
    lengths = networkx.all_pairs_shortest_path_length(graph)
    return {(source, target, depth) for source, found in lengths for target, depth in found.items()}


# Pure


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40),
    st.lists(st.integers(0, 11), unique=True),
    st.sampled_from([1, 25, 10**6]),
)
def test_closure_is_what_a_library_says(edges: list[tuple[int, int]], roots: list[int], cells: int) -> None:
    tails, heads = np.array([e[0] for e in edges], dtype=np.int64), np.array([e[1] for e in edges], dtype=np.int64)
    pieces = list(closure(12, tails, heads, np.array(roots, dtype=np.int64), cells=cells))
    found = [row for piece in pieces for row in zip(*(column.tolist() for column in piece), strict=True)]
    graph = networkx.DiGraph(edges)
    graph.add_nodes_from(range(12))
    lengths = {root: networkx.single_source_shortest_path_length(graph, root) for root in roots}
    assert len(found) == len(set(found))
    assert set(found) == {(root, node, depth) for root in roots for node, depth in lengths[root].items()}
    groups = [g for g in networkx.strongly_connected_components(graph) if len(g) > 1 or graph.has_edge(*g, *g)]
    ways = loops(12, tails, heads)
    assert [min(group) for group in sorted(groups, key=min)] == [way[0] for way in ways]
    for way in ways:
        assert way[0] == way[-1]
        assert all(graph.has_edge(*step) for step in pairwise(way))


# Section 3.7


def test_w_l1_declared_edges_replace_those_before(store: Store) -> None:
    assert declare(store, "p", ["a", "b"], ["c", "d"], declared_at=NOW) == 4
    assert edges_of(store) == [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]
    assert declare(store, "p", ["x"], ["y"], declared_at=LATER) == 5
    assert edges_of(store) == [("x", "y")]
    assert declare(store, "p", ["x", "x"], ["y"], declared_at=LATER) == 0


def test_w_l2_two_pipelines_may_declare_one_edge(store: Store) -> None:
    declare(store, "p", ["A"], ["B"], declared_at=NOW)
    declare(store, "q", ["A"], ["B"], declared_at=NOW)
    assert edges_of(store) == [("A", "B"), ("A", "B")]
    declare(store, "p", [], [], declared_at=NOW)
    assert edges_of(store) == [("A", "B")]
    assert rows_of(store) == {("A", "A", 0), ("B", "B", 0), ("A", "B", 1)}


@pytest.mark.parametrize(
    ("case", "edges", "count"),
    [("W-L3", CHAIN, 6), ("W-L4", DIAMOND, 9), ("W-L5", [("1", "2"), ("2", "1")], 4), ("W-L5 self", [("1", "1")], 1)],
)
def test_closure(store: Store, case: str, edges: list[tuple[str, str]], count: int) -> None:
    say(store, edges)
    assert rows_of(store) == expected(edges)
    assert len(store.query("select 1 from {schema}.lineage_closure")) == count


def test_w_l5_cycles_are_findings(store: Store) -> None:
    say(store, [("1", "2"), ("2", "3"), ("3", "1"), ("2", "1"), ("s", "s"), ("1", "out"), ("x", "y"), ("y", "x")])
    found = rebuild_closure(store)
    assert found.cycles == (("1", "2", "1"), ("s", "s"), ("x", "y", "x"))
    assert found.changed == 0
    cycles = store.query(
        "select address_names, address_count, shortest_loop, pipeline_names from {schema}.lineage_cycles order by 1"
    )
    assert cycles.to_numpy().tolist() == [
        [["1", "2", "3"], 3, 2, ["1->2", "2->1", "2->3", "3->1"]],
        [["s"], 1, 1, ["s->s"]],
        [["x", "y"], 2, 2, ["x->y", "y->x"]],
    ]


def test_w_l6_removed_edges_leave_the_closure(store: Store) -> None:
    declare(store, "p", ["A"], ["B"], declared_at=NOW)
    declare(store, "p", ["X"], ["Y"], declared_at=LATER)
    assert rows_of(store) == {("X", "X", 0), ("Y", "Y", 0), ("X", "Y", 1)}
    active = store.query("select name, is_active, updated_at from {schema}.addresses order by name").to_numpy().tolist()
    assert [row[:2] for row in active] == [["A", False], ["B", False], ["X", True], ["Y", True]]
    assert [row[2] for row in active[:2]] == [LATER, LATER]
    declare(store, "p", ["A"], ["B"], declared_at=LATER)
    assert rows_of(store) == {("A", "A", 0), ("B", "B", 0), ("A", "B", 1)}
    assert store.query("select name from {schema}.addresses where is_active order by 1")["name"].tolist() == ["A", "B"]


def test_w_l7_picture_has_no_edge_that_leaves_it(store: Store) -> None:
    say(store, [*CHAIN, ("1", "9"), ("3", "4"), ("4", "5")])

    def seen(*arguments: Any) -> tuple[dict[str, int], set[tuple[str, str]]]:
        found = subgraph(store, *arguments)
        json.dumps(found)
        names = {node["id"]: node["name"] for node in found["nodes"]}
        depths = {node["name"]: node["depth"] for node in found["nodes"]}
        return depths, {(names[edge["source"]], names[edge["target"]]) for edge in found["edges"]}

    assert seen("2", 1) == ({"1": -1, "2": 0, "3": 1}, set(CHAIN))
    assert seen("2") == ({"1": -1, "2": 0, "3": 1, "4": 2}, {*CHAIN, ("3", "4")})
    assert seen("2", None, "down")[0] == {"2": 0, "3": 1, "4": 2, "5": 3}
    assert seen("9", 5, "up") == ({"1": -1, "9": 0}, {("1", "9")})
    with pytest.raises(ConfigError, match="up, down or both"):
        subgraph(store, "2", direction="left")


def test_w_l8_up_and_down(store: Store) -> None:
    say(store, CHAIN)
    assert [(row.name, row.depth) for row in down(store, "1")] == [("1", 0), ("2", 1), ("3", 2)]
    assert [(row.name, row.depth) for row in down(store, "1", 1)] == [("1", 0), ("2", 1)]
    found = up(store, "3")
    assert [(row.name, row.depth, row.pipelines, row.nearer) for row in found] == [
        ("3", 0, (), ()),
        ("2", 1, ("2->3",), ("3",)),
        ("1", 2, ("1->2",), ("2",)),
    ]
    for depth in (0, -1):
        with pytest.raises(ConfigError, match="whole number from 1"):
            up(store, "3", depth)


def test_w_l9_types_have_groups(store: Store) -> None:
    declare(store, "p", ["s3://Lake/Raw", "api.x", Address("Q", "kafka", "stream")], ["t"], declared_at=NOW)
    found = store.query(
        "select a.name, t.name, t.group_name from {schema}.addresses as a "
        "inner join {schema}.address_types as t on t.name = a.address_type order by 1"
    )
    assert found.to_numpy().tolist() == [
        ["Q", "kafka", "stream"],
        ["api.x", "table", "database"],
        ["s3://Lake/Raw", "s3", "bucket"],
        ["t", "table", "database"],
    ]


def test_w_l10_unchanged_declarations_write_nothing(store: Store) -> None:
    rich = Address("lake", "s3", "bucket", address_metadata={"zone": "raw", "b": [1, None]}, owner="data")
    declare(store, "p", [rich, "b"], ["c"], declared_at=NOW)
    declare(store, "q", ["lake"], ["d"], declared_at=NOW)
    before = written(store)
    for _ in range(2):
        declare(store, "p", ["b", rich], ["c"], declared_at=LATER)
        # A mere name says nothing against what another pipeline knows of the address.
        declare(store, "q", ["lake"], ["d"], declared_at=LATER)
    assert written(store) == before
    assert store.query("select updated_at from {schema}.addresses")["updated_at"].isna().all()
    declare(store, "p", [Address("lake", "s3", "bucket", owner="platform"), "b"], ["c"], declared_at=LATER)
    changed = store.query("select name, owner, address_metadata, updated_at from {schema}.addresses where owner <> ''")
    assert changed.to_numpy().tolist() == [["lake", "platform", None, LATER]]


def test_w_m4_parts_and_case_of_names(store: Store) -> None:
    declare(store, "p", ["Db.Sch.Tab", "db.sch.tab", "sch.tab"], ["x"], declared_at=NOW)
    found = store.query(
        "select name, address_id, database_name, schema_name, table_name from {schema}.addresses where name <> 'x'"
        ' order by name collate "C"'
    )
    assert found.to_numpy().tolist() == [
        ["Db.Sch.Tab", address_id("Db.Sch.Tab"), "Db", "Sch", "Tab"],
        ["db.sch.tab", address_id("db.sch.tab"), "db", "sch", "tab"],
        ["sch.tab", address_id("sch.tab"), None, None, None],
    ]


@pytest.mark.parametrize("seed", range(4))
def test_closure_follows_every_change(store: Store, seed: int) -> None:
    """Pipelines come, change and go, cycles included: the closure is that of the edges at any time."""
    chance = random.Random(seed)
    for _ in range(25):
        sources, targets = ([str(chance.randrange(9)) for _ in range(chance.randrange(3))] for _ in range(2))
        declare(store, f"p{chance.randrange(7)}", sources, targets, declared_at=NOW)
        assert rows_of(store) == expected(edges_of(store))
    assert rebuild_closure(store).changed == 0
    assert rebuild_closure(store, full=True).changed == 0
    ends = {end for edge in edges_of(store) for end in edge}
    active = set(store.query("select name from {schema}.addresses where is_active")["name"])
    assert ends <= active


def test_closure_is_repaired(store: Store) -> None:
    """Edges that somebody wrote by hand, identities of their own included, and a closure that somebody damaged."""
    store.execute(
        "insert into {schema}.address_lineage (pipeline_id, source_address_id, target_address_id) "
        "values ('p', '1', '2'), ('p', '1', '3'), ('p', '2', 'vier'), ('p', '3', 'vier'), ('p', 'ü', 'ü')"
    )
    edges = [("1", "2"), ("1", "3"), ("2", "vier"), ("3", "vier"), ("ü", "ü")]
    ids = "select source_address_id, target_address_id, depth from {schema}.lineage_closure"
    found = rebuild_closure(store)
    assert (found.rows, found.changed, found.cycles) == (10, 10, (("ü", "ü"),))
    assert set(map(tuple, store.query(ids).to_numpy().tolist())) == expected(edges)
    store.execute("delete from {schema}.address_lineage where target_address_id in ('2', 'ü')")
    assert rebuild_closure(store).changed == 2
    assert set(map(tuple, store.query(ids).to_numpy().tolist())) == expected([("1", "3"), ("2", "vier"), ("3", "vier")])
    store.execute("update {schema}.lineage_closure set depth = 7 where depth = 2")
    store.execute("delete from {schema}.lineage_closure where source_address_id = '3'")
    store.execute("insert into {schema}.lineage_closure values ('3', '1', 4)")
    assert rebuild_closure(store, full=True).changed == 4
    assert set(map(tuple, store.query(ids).to_numpy().tolist())) == expected([("1", "3"), ("2", "vier"), ("3", "vier")])


HOSTILE = [
    "'; drop table addresses; --", 'say "x"', "back\\slash\\N", "line\nbreak\ttab", "%s %(id)s {schema}", "naïve 表 🙂",
    "a" * 600, "nul\x00byte", "half \ud800 pair", "{}", "a,b", "bell\x07 and \x1b[31mred",
]  # fmt: skip


def test_hostile_names(store: Store) -> None:
    places = [Address(name, owner=name[:50], address_metadata={name: name}) for name in HOSTILE]
    for number, place in enumerate(places):
        declare(store, f"p{number}", [place], ["end"], declared_at=NOW)
        assert declare(store, f"p{number}", [place], ["end"], declared_at=NOW) == 0
        text = lineage_text(down(store, place.name))
        assert len(text.splitlines()) == 2
        assert up(store, place.name)[0].name == place.name
    assert len(rows_of(store)) == 2 * len(HOSTILE) + 1
    for name in ("", "  ", "\x01", "a" * 601):
        with pytest.raises(ConfigError, match="name of the address"):
            declare(store, "p", [name], ["end"], declared_at=NOW)


def test_many_at_once(store: Store, database: Connection) -> None:
    """Pipelines that start at the same moment and share addresses neither fail nor leave a closure behind."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Store(database) as own:
                for turn in range(5):
                    names = [str((number + turn + step) % 6) for step in range(3)]
                    declare(own, f"p{number}", names[:2], names[1:], declared_at=NOW)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(edges_of(store)) == 6 * 4
    assert rows_of(store) == expected(edges_of(store))
    assert rebuild_closure(store, full=True).changed == 0


# dbt


def node(kind: str, name: str, depends_on: list[str] = [], **settings: Any) -> dict[str, Any]:  # noqa: B006
    return {
        "unique_id": f"{kind}.shop.{name}",
        "resource_type": kind,
        "name": name.rpartition(".")[2],
        "database": "db",
        "schema": "marts",
        "depends_on": {"nodes": depends_on},
        **settings,
    }


def manifest(*nodes: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {"nodes": {}, "sources": {}, "exposures": {}, "metrics": {}, "semantic_models": {}}
    for entry in nodes:
        kind = f"{entry['resource_type']}s"
        parts[kind if kind in parts else "nodes"][entry["unique_id"]] = entry
    return parts


FEED = {"meta": {"lookout": {"connection": "erp"}}, "source_name": "feed", "identifier": "Orders"}
PROJECT = manifest(
    node("source", "feed.orders", schema="public", config=FEED, source_name="feed", identifier="Orders"),
    node("source", "own.rates", schema="raw", source_name="own"),
    node("seed", "countries", schema="seeds"),
    node("model", "stg", ["source.shop.feed.orders", "seed.shop.countries"], config={"materialized": "ephemeral"}),
    node(
        "model",
        "fact",
        ["model.shop.stg", "source.shop.own.rates"],
        alias="fact_orders",
        meta={"owner": "sales"},
        primary_key=["id"],
    ),
    node("snapshot", "history", ["model.shop.fact"]),
    node("test", "unique_fact", ["model.shop.fact"]),
    node("semantic_model", "orders", ["model.shop.fact"]),
    node("metric", "revenue", ["semantic_model.shop.orders"]),
    node("metric", "margin", ["metric.shop.revenue"]),
    node(
        "exposure",
        "weekly",
        ["metric.shop.margin"],
        owner={"name": "Ada", "email": "a@b.c"},
        type="dashboard",
        url="https://bi/weekly",
    ),
)


def test_manifest_becomes_addresses_and_edges(store: Store) -> None:
    assert declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=NOW) == 6
    assert edges_of(store) == [
        ("erp:public.Orders", "marts.stg"),
        ("marts.fact_orders", "exposure:weekly"),
        ("marts.fact_orders", "marts.history"),
        ("marts.stg", "marts.fact_orders"),
        ("raw.rates", "marts.fact_orders"),
        ("seeds.countries", "marts.stg"),
    ]
    assert edges_of(store, pipeline_id("exposure.shop.weekly")) == [("marts.fact_orders", "exposure:weekly")]
    assert rows_of(store) == expected(edges_of(store))
    found = store.query(
        "select name, address_type, database_name, schema_name, table_name, primary_key, node_id, owner, is_active "
        "from {schema}.addresses where name in ('marts.fact_orders', 'erp:public.Orders', 'exposure:weekly') order by 1"
    )
    assert found.to_numpy().tolist() == [
        ["erp:public.Orders", "dbt source", None, "public", "Orders", None, "source.shop.feed.orders", "", True],
        ["exposure:weekly", "exposure", None, None, None, None, "exposure.shop.weekly", "Ada", True],
        ["marts.fact_orders", "dbt model", "db", "marts", "fact_orders", "id", "model.shop.fact", "sales", True],
    ]


def test_manifest_declared_twice_writes_nothing(store: Store) -> None:
    declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=NOW)
    before = written(store)
    assert declare_manifest(store, manifest_lineage(json.loads(json.dumps(PROJECT)), "warehouse"), as_of=LATER) == 0
    assert written(store) == before


def test_what_leaves_the_manifest_leaves_the_lineage(store: Store) -> None:
    declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=NOW)
    declare(store, "loader", ["sftp://partner/x"], ["raw.rates"], declared_at=NOW)
    declare(store, "sync", ["marts.history"], ["https://crm"], declared_at=NOW)
    # What a pipeline says about a table of dbt does not overrule dbt.
    declare(store, "loader", ["sftp://partner/x"], [Address("raw.rates", owner="me")], declared_at=LATER)
    assert up(store, "fact")[2].owner == ""
    nodes = [n for kind in PROJECT.values() for n in kind.values()]
    smaller = manifest(*(n for n in nodes if n["resource_type"] not in ("snapshot", "exposure")))
    assert declare_manifest(store, manifest_lineage(smaller, "warehouse"), as_of=LATER) == 2
    assert ("marts.history", "https://crm") in edges_of(store)
    assert rows_of(store) == expected(edges_of(store))
    left = store.query(
        "select name, node_id, is_active from {schema}.addresses where name in ('marts.history', 'exposure:weekly') order by 1"
    )
    assert left.to_numpy().tolist() == [["exposure:weekly", "exposure.shop.weekly", False], ["marts.history", "", True]]
    assert declare_manifest(store, manifest_lineage(manifest(), "warehouse"), as_of=LATER) == 4
    assert edges_of(store) == [("marts.history", "https://crm"), ("sftp://partner/x", "raw.rates")]
    assert declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=LATER) == 6
    assert rows_of(store) == expected(edges_of(store))


def test_model_and_source_of_one_relation_are_one_address() -> None:
    said = manifest_lineage(
        manifest(
            node("source", "other.fact", source_name="other"),
            node("model", "fact"),
            node("model", "next", ["source.shop.other.fact"]),
        ),
        "warehouse",
    )
    assert sorted((a.name, a.node_id) for a in said.addresses.values()) == [
        ("marts.fact", "model.shop.fact"),
        ("marts.next", "model.shop.next"),
    ]
    assert said.edges == {(pipeline_id("model.shop.next"), address_id("marts.fact"), address_id("marts.next"))}


def test_dependencies_in_a_circle_end() -> None:
    said = manifest_lineage(
        manifest(
            node("metric", "a", ["metric.shop.b"]),
            node("metric", "b", ["metric.shop.a", "model.shop.m", "metric.shop.gone"]),
            node("model", "m"),
            node("exposure", "e", ["metric.shop.a"]),
        ),
        "warehouse",
    )
    assert {(edge[1], edge[2]) for edge in said.edges} == {(address_id("marts.m"), address_id("exposure:e"))}


# Questions


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("marts.fact_orders", "marts.fact_orders"), ("MARTS.Fact_Orders", "marts.fact_orders"),
        ("fact", "marts.fact_orders"), ("model.shop.fact", "marts.fact_orders"),
        ("fact_orders", "marts.fact_orders"), ("db.marts.fact_orders", "marts.fact_orders"),
        ("feed.orders", "erp:public.Orders"), ("public.orders", "erp:public.Orders"),
        ("source.shop.feed.orders", "erp:public.Orders"), ("weekly", "exposure:weekly"),
        (" exposure:weekly ", "exposure:weekly"), ("stg", "marts.stg"), ("orders", "erp:public.Orders"),
    ],
)  # fmt: skip
def test_assets_have_many_names(store: Store, asked: str, name: str) -> None:
    declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=NOW)
    assert up(store, asked)[0].name == name


def test_unknown_and_ambiguous_assets(store: Store) -> None:
    with pytest.raises(ConfigError, match="There is no lineage yet"):
        up(store, "x")
    declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=NOW)
    with pytest.raises(ConfigError, match=r"did you mean 'marts\.fact_orders'"):
        up(store, "marts.fact_order")
    with pytest.raises(ConfigError, match="No asset is named"):
        up(store, " ")
    declare(store, "p", [Address("other", schema_name="a", table_name="fact")], ["b"], declared_at=NOW)
    assert up(store, "fact")[0].name == "marts.fact_orders"
    declare(store, "q", [Address("x", schema_name="a", table_name="same")], ["y"], declared_at=NOW)
    declare(store, "r", [Address("z", schema_name="b", table_name="same")], ["y"], declared_at=NOW)
    with pytest.raises(ConfigError, match=r"'same' means x \(table\), z \(table\): write which one"):
        down(store, "same")
    declare(store, "q", [], [], declared_at=NOW)
    with pytest.raises(ConfigError, match="no longer part of the lineage"):
        down(store, "x")


def test_tree(store: Store) -> None:
    declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=NOW)
    declare(store, "Send", ["marts.history", "marts.fact_orders"], ["crm"], declared_at=NOW)
    store.execute(
        "insert into {schema}.pipelines (pipeline_id, name, pipeline_type, mute_freshness_check, mute_timeliness_check, "
        "load_lineage, active, input_hash) values ('Send', 'send', 'script', false, false, false, true, '')"
    )
    assert lineage_text(down(store, "raw.rates")).splitlines() == [
        "raw.rates  (dbt source)",
        "└─ marts.fact_orders  (dbt model; owner sales)",
        "   ├─ crm  (table; pipeline send)",
        "   ├─ exposure:weekly  (exposure; owner Ada)",
        "   └─ marts.history  (dbt snapshot)",
    ]
    assert lineage_text([]) == ""


def test_graph_for_reports(store: Store) -> None:
    declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=NOW)
    found = store.query(
        "select source_name, target_name, depth, pipeline_name, source_type, target_group from {schema}.lineage_graph "
        "where source_name in ('raw.rates', 'marts.fact_orders') order by 1, 2"
    )
    assert found.astype(object).to_numpy().tolist() == [
        ["marts.fact_orders", "exposure:weekly", 1, "exposure.shop.weekly", "dbt model", "dashboard"],
        ["marts.fact_orders", "marts.history", 1, "snapshot.shop.history", "dbt model", "database"],
        ["raw.rates", "exposure:weekly", 2, None, "dbt source", "dashboard"],
        ["raw.rates", "marts.fact_orders", 1, "model.shop.fact", "dbt source", "database"],
        ["raw.rates", "marts.history", 2, None, "dbt source", "database"],
    ]


# Alerts

ALERTS = """
insert into {schema}.alerts (alert_key, alert_type, severity, status, connection, asset, column_name, metric, series_key,
    window_start) values
    ('rates', 'VOLUME_ANOMALY', 'warning', 'open', 'warehouse', 'raw.rates', '', 'row_count', 'hourly', '2026-01-01 05:00Z'),
    ('orders', 'STALE_DATA_FLOW', 'critical', 'open', 'erp', 'public.Orders', '', 'freshness', null, '2026-01-01 03:00Z'),
    ('fact', 'METRIC_ANOMALY', 'critical', 'open', 'warehouse', 'marts.fact_orders', '', 'mean', 'daily', '2026-01-01Z'),
    ('before', 'TEST_FAILURE', 'critical', 'open', 'warehouse', 'marts.fact_orders', 'id', 'unique', null, '2025-12-31Z'),
    ('history', 'TEST_FAILURE', 'warning', 'open', 'warehouse', 'marts.history', '', 'x', null, '2026-01-01 04:00Z'),
    ('cleared', 'TEST_FAILURE', 'critical', 'resolved', 'warehouse', 'marts.history', '', 'y', null, '2026-01-01 04:00Z'),
    ('erp', 'SOURCE_UNREACHABLE', 'critical', 'open', 'erp', '', '', '', null, '2025-12-31 23:00Z'),
    ('load', 'PIPELINE_LATE', 'critical', 'open', '', 'load rates', '', '', null, '2026-01-01 04:30Z'),
    ('unknown', 'TEST_FAILURE', 'critical', 'open', 'warehouse', 'nobody.knows', '', 'z', null, '2026-01-01Z'),
    ('ring1', 'TEST_FAILURE', 'critical', 'open', 'warehouse', 'ring.one', '', 'z', null, '2026-01-01 02:00Z'),
    ('ring2', 'TEST_FAILURE', 'critical', 'open', 'warehouse', 'ring.two', '', 'z', null, '2026-01-01 01:00Z');
insert into {schema}.alert_states (alert_key, is_found, is_open)
    select alert_key, false, status = 'open' from {schema}.alerts;
insert into {schema}.monitors (series_key, connection, asset, grain, is_active) values
    ('hourly', 'warehouse', 'raw.rates', 'hour', true), ('daily', 'warehouse', 'marts.fact_orders', 'day', true);
insert into {schema}.pipelines (pipeline_id, name, pipeline_type, mute_freshness_check, mute_timeliness_check, load_lineage,
    active, input_hash) values ('load', 'load rates', 'script', false, false, false, true, '');
insert into {schema}.assets (node_id, name, resource_type, connection, asset, is_active) values
    ('source.shop.feed.orders', 'orders', 'source', 'erp', 'public.Orders', true),
    ('model.shop.fact', 'fact', 'model', 'warehouse', 'marts.fact_orders', true)
"""


def test_alerts_know_what_they_reach_and_what_is_behind_them(
    store: Store, database: Connection, tmp_path: Path
) -> None:
    declare_manifest(store, manifest_lineage(PROJECT, "warehouse"), as_of=NOW)
    declare(store, "load", ["sftp://partner"], ["raw.rates"], declared_at=NOW)
    declare(store, "send", ["marts.history"], [Address("crm", owner="support")], declared_at=NOW)
    say(store, [("ring.one", "ring.two"), ("ring.two", "ring.one")])
    store.execute(ALERTS)
    assert dbt_runner(database, tmp_path)(["run", "--select", "alert_impact"]).success
    found = store.query(
        "select alert_key, downstream_count, downstream_models, downstream_exposures, downstream_others, "
        "downstream_owners, cause_alert_key, root_cause_alert_key from {schema}.alert_impact"
    )
    impact = {row[0]: row[1:] for row in found.to_numpy().tolist()}
    fact, beyond, owners = "marts.fact_orders", ["marts.history"], ["Ada", "sales", "support"]
    assert impact["rates"] == [4, [fact, *beyond], ["weekly"], ["crm"], owners, "load", "load"]
    assert impact["load"] == [5, [fact, *beyond, "raw.rates"], ["weekly"], ["crm"], owners, None, None]
    assert impact["orders"] == [5, [fact, *beyond, "marts.stg"], ["weekly"], ["crm"], owners, "erp", "erp"]
    assert impact["erp"][0] == 5
    assert impact["erp"][-1] is None
    # Its day began before its sources' hours did, and they are still what it comes from.
    assert impact["fact"] == [3, beyond, ["weekly"], ["crm"], ["Ada", "support"], "rates", "load"]
    # It was wrong before any of them.
    assert impact["before"][-2:] == [None, None]
    assert impact["history"] == [1, [], [], ["crm"], ["support"], "before", "before"]
    assert impact["cleared"] == [1, [], [], ["crm"], ["support"], None, None]
    assert impact["unknown"] == [0, [], [], [], [], None, None]
    assert impact["ring1"][-2:] == ["ring2", "ring2"]
    assert impact["ring2"][-2:] == [None, None]
    assert set(impact) == set(store.query("select alert_key from {schema}.alerts")["alert_key"])
