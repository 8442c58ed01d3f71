"""A contract held against a real table: each change is reported as what it is, and nothing else is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from psycopg2 import sql

from lookout.contracts.checks.catalog import observe
from lookout.contracts.checks.names import resolve_names
from lookout.contracts.checks.structure import check_structure
from lookout.contracts.spec.model import ColumnContract, Contract, ObservedColumn, ObservedTable, Rule, Violation
from lookout.database.connection import connect
from tests.conftest import Server

Run = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def run(server: Server) -> Iterator[Run]:
    """Run one statement in a database of this module; the statement may be a psycopg2.sql object."""
    handle = connect(server.create_database())
    handle.autocommit = True

    def ask(statement: Any, parameters: Any = None) -> list[tuple[Any, ...]]:
        with handle.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    yield ask
    handle.close()


def contract(*columns: ColumnContract, **more: Any) -> Contract:
    settings: dict[str, Any] = {"mode": "strict", "unexpected": "fail", **more}
    return Contract(
        "orders", "shop", "public", settings.pop("table", "orders"), "source.p.shop.orders", columns=columns, **settings
    )


def look(run: Run, promised: Contract) -> ObservedTable:
    return observe(run, [(promised.schema, promised.table)])[promised.schema, promised.table]


def told(violations: tuple[Violation, ...]) -> set[tuple[str, str]]:
    assert len({(v.column_name, v.violation_type) for v in violations}) == len(violations)
    return {(v.column_name, v.violation_type) for v in violations}


def test_drift_of_a_table_case_o_c8(run: Run) -> None:
    run("create table orders (order_key text, total_amount numeric(12,2), quantity integer)")
    promised = contract(
        ColumnContract("order_key", "string"),
        ColumnContract("total_amount", "float"),
        ColumnContract("quantity", "integer"),
    )
    assert check_structure(promised, look(run, promised)) == ((), "")
    run("alter table orders drop total_amount")
    run("alter table orders add foo date")
    run("alter table orders alter quantity type text")
    found, sentence = check_structure(promised, look(run, promised))
    assert sentence == ""
    assert [(v.column_name, v.violation_type, v.expected, v.actual, v.severity) for v in found] == [
        ("total_amount", "MISSING_REQUIRED_FIELD", "float", "no such column", "critical"),
        ("quantity", "TYPE_CHANGED", "integer", "text", "critical"),
        ("foo", "UNEXPECTED_FIELD", "not in the contract", "date", "critical"),
    ]
    assert {(v.rule, v.failing_rows, v.total_rows) for v in found} == {("structure", None, None)}
    lenient = replace(promised, mode="lenient", unexpected="warn")
    assert [v.severity for v in check_structure(lenient, look(run, lenient))[0]] == ["critical", "critical", "warning"]
    ignoring = replace(promised, unexpected="ignore")
    assert "UNEXPECTED_FIELD" not in {v.violation_type for v in check_structure(ignoring, look(run, ignoring))[0]}


def test_a_renamed_column_is_missing_and_its_new_name_is_offered(run: Run) -> None:
    run("create table renamed (id int, total_amt int, total_amounts int)")
    promised = contract(
        ColumnContract("id"),
        ColumnContract("total_amounts"),
        ColumnContract("total_amount"),
        ColumnContract("note", is_required=False),
        table="renamed",
    )
    found, _ = check_structure(promised, look(run, promised))
    assert told(found) == {("total_amount", "MISSING_REQUIRED_FIELD"), ("total_amt", "UNEXPECTED_FIELD")}
    assert found[0].actual == "no such column; did you mean 'total_amt'?"


def test_tables_that_are_gone_or_something_else(run: Run) -> None:
    for table, actual in (("gone", "no such table"), ("numbers", "no such table: public.numbers is a sequence")):
        run("create sequence if not exists numbers")
        promised = contract(ColumnContract("id"), table=table)
        ((violation,), sentence) = check_structure(promised, look(run, promised))
        assert (violation.column_name, violation.violation_type, violation.actual) == (
            "",
            "MISSING_REQUIRED_FIELD",
            actual,
        )
        assert (violation.severity, sentence) == ("critical", "")
    elsewhere = replace(contract(ColumnContract("id")), schema="nowhere")
    ((violation,), _) = check_structure(elsewhere, look(run, elsewhere))
    assert violation.actual == "no such table: there is no schema 'nowhere'"


def test_a_view_in_place_of_a_table_loses_its_keys_and_no_more(run: Run) -> None:
    run("create table keyed (id int primary key, n int not null)")
    promised = contract(
        ColumnContract("id", "integer", has_not_null_constraint=True),
        ColumnContract("n", "integer", has_not_null_constraint=True),
        table="keyed",
        keys=(("id",),),
        constrained_keys=(("id",),),
    )
    assert check_structure(promised, look(run, promised)) == ((), "")
    run("alter table keyed rename to stored")
    run("create view keyed as select * from stored")
    ((violation,), _) = check_structure(promised, look(run, promised))
    assert (violation.column_name, violation.violation_type) == ("id", "CONSTRAINT_VIOLATION")
    assert violation.actual == "a view, which has no keys"
    assert told(check_structure(replace(promised, constrained_keys=()), look(run, promised))[0]) == set()


def test_keys_of_every_kind_of_index(run: Run) -> None:
    run(
        "create table indexed (a int, b int, c int, d int, e int);"
        "create unique index on indexed (a, b) include (c);"
        "create unique index on indexed (c) where c > 0;"
        "create unique index on indexed ((d + 1));"
        "create index on indexed (e)"
    )
    assert look(run, contract(table="indexed")).unique_keys == {frozenset({"a", "b"})}
    columns = [ColumnContract(name) for name in "abcde"]
    promised = contract(
        *columns,
        table="indexed",
        constrained_keys=(("b", "a"), ("a", "b", "c"), ("c",), ("d",), ("e",)),
        mode="lenient",
    )
    found, _ = check_structure(promised, look(run, promised))
    assert told(found) == {(name, "CONSTRAINT_VIOLATION") for name in "cde"}
    assert {v.severity for v in found} == {"warning"}


def test_relations_of_every_kind(run: Run) -> None:
    run(
        "create table parted (id int not null, day date not null, primary key (id, day)) partition by range (day);"
        "create table parted_1 partition of parted for values from ('2026-01-01') to ('2027-01-01');"
        "create materialized view counted as select count(*) as n from parted;"
        "create view seen as select * from parted;"
        "create extension postgres_fdw; create server far foreign data wrapper postgres_fdw;"
        "create foreign table foreign_one (id int not null) server far"
    )
    wanted = ["parted", "counted", "seen", "foreign_one", "gone", "parted_1"]
    found = observe(run, [("public", name) for name in wanted])
    assert [found["public", name].kind for name in wanted] == ["p", "m", "v", "f", None, "r"]
    assert found["public", "parted"].unique_keys == {frozenset({"id", "day"})}
    assert (found["public", "parted"].primary_key, found["public", "seen"].primary_key) == (("id", "day"), ())
    assert [c.is_nullable for c in found["public", "seen"].columns] == [True, True]
    assert found["public", "gone"] == ObservedTable(None)
    foreign = contract(
        ColumnContract("id", has_not_null_constraint=True), table="foreign_one", constrained_keys=(("id",),)
    )
    assert check_structure(foreign, look(run, foreign)) == ((), "")
    assert observe(run, []) == {}


def test_a_not_null_that_is_not_validated_proves_nothing(run: Run) -> None:
    (version,) = run("show server_version_num")[0]
    if int(version) < 180000:
        pytest.skip("not null constraints that are not valid exist from PostgreSQL 18 on")
    run("create table unproven (a int, b int not null); alter table unproven add constraint nn not null a not valid")
    assert [c.is_nullable for c in look(run, contract(table="unproven")).columns] == [True, False]


def test_what_may_not_be_read_is_said(run: Run) -> None:
    run(
        "create role guard; create schema closed; create table closed.t (a int, b int);"
        "create table closed.u (a int); create schema open; create table open.t (a int, b int); create table open.u (a int);"
        "grant usage on schema open to guard; grant select (a) on open.t to guard; set role guard"
    )
    try:
        found = observe(run, [(schema, table) for schema in ("closed", "open") for table in ("t", "u")])
    finally:
        run("reset role")
    columns = (ColumnContract("a", "text"), ColumnContract("b"))
    for (schema, table), expected in {
        ("closed", "t"): "User 'guard' may not use schema closed: grant usage on it.",
        ("open", "t"): "User 'guard' may not read column 'b' of open.t: grant select on it.",
        ("open", "u"): "User 'guard' may not read open.u: grant select on it.",
    }.items():
        promised = replace(contract(*columns, table=table), schema=schema)
        violations, sentence = check_structure(promised, found[schema, table], user="guard")
        assert sentence == expected
        # The catalog may be read all the same, so drift is found.
        assert ("a", "TYPE_CHANGED") in told(violations)
    only_a = replace(contract(ColumnContract("a", "integer"), unexpected="ignore", table="t"), schema="open")
    assert check_structure(only_a, found["open", "t"]) == ((), "")


def test_a_payload_is_one_json_column(run: Run) -> None:
    run(
        "create table events (id bigint, record jsonb); create table texts (record text); create table bare (rec jsonb)"
    )
    fields = (ColumnContract("id", "string", has_not_null_constraint=True), ColumnContract("total", "float"))
    for table, expected in {
        "events": set(),
        "texts": {("record", "TYPE_CHANGED")},
        "bare": {("record", "MISSING_REQUIRED_FIELD")},
    }.items():
        promised = contract(*fields, table=table, payload="record")
        assert told(check_structure(promised, look(run, promised))[0]) == expected


def test_names_are_taken_as_written_and_folded_only_where_sql_would() -> None:
    real = tuple(
        ObservedColumn(name, "integer", "int4", False) for name in ("total", "Größe", "Ärger", "x", "X y", "loaded_at")
    )
    observed = ObservedTable("r", columns=real, unique_keys=frozenset({frozenset({"total"})}))
    promised = contract(
        ColumnContract("TOTAL"),
        ColumnContract("total", is_required=False),
        ColumnContract("Größe"),
        ColumnContract("ärger"),
        ColumnContract("X", is_quoted=True),
        ColumnContract("X y"),
        keys=(("TOTAL", "Loaded_At"),),
        rules=(Rule("unique", ("X Y", "LOADED_AT"), "u"),),
        timestamp_column="Loaded_At",
        example_columns=("Größe",),
    )
    # Only A to Z are folded, and 'total' can be but one of the two.
    assert told(check_structure(promised, observed)[0]) == {
        ("TOTAL", "MISSING_REQUIRED_FIELD"),
        ("ärger", "MISSING_REQUIRED_FIELD"),
        ("X", "MISSING_REQUIRED_FIELD"),
        ("Ärger", "UNEXPECTED_FIELD"),
        ("x", "UNEXPECTED_FIELD"),
        ("loaded_at", "UNEXPECTED_FIELD"),
    }
    resolved = resolve_names(promised, observed)
    assert [column.name for column in resolved.columns] == ["TOTAL", "total", "Größe", "ärger", "X", "X y"]
    assert resolved.rules[0].columns == ("X Y", "loaded_at")
    assert (resolved.timestamp_column, resolved.keys) == ("loaded_at", (("TOTAL", "loaded_at"),))
    alone = contract(ColumnContract("TOTAL", "integer"), unexpected="ignore", constrained_keys=(("TOTAL",),))
    assert check_structure(alone, observed) == ((), "")
    assert resolve_names(alone, observed).columns[0].name == "total"
    assert check_structure(resolve_names(alone, observed), observed) == ((), "")


# --- random changes of a real table ---------------------------------------------------------------------------------

HOSTILE = [
    'say "hi"', "Total", "sélect", "注文", "a;drop table x", "percent %s %(x)s", "back\\slash", " spaces ", "tab\there",
    "x" * 63, "é" * 31, "{brace}", "dot.ted", "O'Brien", "💸", "UPPER", "new\nline", "$1", "null",
]  # fmt: skip
# Promise, the type at first, types that keep it, types that break it; the last ones are cast by way of text.
RETYPES = [
    ("bigint", "bigint", ["integer", "smallint"], ["text", "numeric", "double precision"]),
    ("integer", "integer", ["smallint"], ["bigint", "text", "numeric(20,4)"]),
    (
        "numeric(12,2)",
        "numeric(12,2)",
        ["numeric(8,2)", "integer"],
        ["numeric(14,2)", "numeric(12,4)", "text", "numeric"],
    ),
    ("varchar(20)", "varchar(20)", ["varchar(5)", "char(3)"], ["text", "varchar(21)"]),
    ("text", "text", ["varchar(4)"], ["text[]", "bytea"]),
    ("timestamptz", "timestamptz", ["timestamptz(3)"], ["timestamp", "text", "date"]),
    ("string", "varchar(10)", ["text", "uuid"], ["integer", "boolean"]),
    ("float", "double precision", ["numeric(9,2)", "integer", "real"], ["text", "boolean"]),
]


@dataclass
class Expected:
    """What a promised column has come to: its name now, whether its type keeps the promise, and its nullability."""

    promised: str
    name: str | None
    not_null: bool
    is_changed: bool = False
    is_nullable: bool = False


@pytest.mark.parametrize("seed", range(25))
def test_every_random_change_is_reported_as_what_it_is_and_nothing_else_is(run: Run, seed: int) -> None:
    chance = random.Random(seed)
    names = chance.sample(HOSTILE, 8)
    kinds = [chance.choice(RETYPES) for _ in names]
    # 63 bytes are the longest name there is.
    table = f"{seed}{chance.choice(HOSTILE)}".encode()[:63].decode(errors="ignore")
    state = [Expected(name, name, chance.random() < 0.5) for name in names]
    key = tuple(names[:2])
    run(
        sql.SQL("create table {} ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(
                sql.SQL("{} {}{}").format(
                    sql.Identifier(one.promised), sql.SQL(kind[1]), sql.SQL(" not null" if one.not_null else "")
                )
                for one, kind in zip(state, kinds, strict=True)
            ),
        )
    )
    alter(run, table, "add constraint {} unique ({}, {})", f"the key {seed}", *key)
    promised = contract(
        *(
            ColumnContract(one.promised, kind[0], has_not_null_constraint=one.not_null, is_quoted=bool(seed % 3))
            for one, kind in zip(state, kinds, strict=True)
        ),
        table=table,
        keys=(key,),
        constrained_keys=(key,),
    )
    assert check_structure(promised, look(run, promised)) == ((), ""), "nothing has changed yet"

    added: set[str] = set()
    has_key = True
    for step in range(6):
        position = chance.randrange(len(state))
        one, kind = state[position], kinds[position]
        action = chance.choice(
            ["add", "drop", "rename", "retype", "retype", "set not null", "drop not null", "drop key"]
        )
        if action == "add":
            name = f"n{step} {chance.choice(HOSTILE)[:20]}"
            alter(run, table, "add {} int", name)
            added.add(name)
        elif action == "drop key" and has_key:
            alter(run, table, "drop constraint {}", f"the key {seed}")
            has_key = False
        elif one.name is None:
            continue
        elif action == "drop":
            alter(run, table, "drop {}", one.name)
            has_key = has_key and one.promised not in key
            one.name = None
        elif action == "rename" and one.name == one.promised:
            # The key follows the column to its new name, and the promised one is missing.
            name = f"r{step} {one.name[:20]}"
            alter(run, table, "rename {} to {}", one.name, name)
            added.add(name)
            one.name = None
        elif action == "retype":
            one.is_changed = chance.random() < 0.6
            new = chance.choice(kind[3] if one.is_changed else [kind[1], *kind[2]])
            run(
                sql.SQL("alter table {t} alter {c} type {n} using null::{n}").format(
                    t=sql.Identifier(table), c=sql.Identifier(one.name), n=sql.SQL(new)
                )
            )
        elif action in ("set not null", "drop not null"):
            alter(run, table, f"alter {{}} {action}", one.name)
            one.is_nullable = action.startswith("drop")

    expected = {(name, "UNEXPECTED_FIELD") for name in added}
    for one in state:
        if one.name is None:
            expected.add((one.promised, "MISSING_REQUIRED_FIELD"))
            continue
        expected |= {(one.promised, "TYPE_CHANGED")} if one.is_changed else set()
        expected |= {(one.promised, "NULLABILITY_VIOLATION")} if one.not_null and one.is_nullable else set()
    if not has_key and all(one.name is not None for one in state[:2]):
        expected.add((", ".join(key), "CONSTRAINT_VIOLATION"))
    found, sentence = check_structure(promised, look(run, promised))
    assert (told(found), sentence) == (expected, "")


def alter(run: Run, table: str, change: str, *names: str) -> None:
    statement = sql.SQL("alter table {} " + change).format(sql.Identifier(table), *map(sql.Identifier, names))
    run(statement)
