"""Rules about values: what each counts, what it never says, and what one bad rule does to the others."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import psycopg2
import pytest
from psycopg2 import sql

from lookout.contracts.checks.catalog import observe
from lookout.contracts.checks.values.check import ValueCheck, check_values
from lookout.contracts.checks.values.patterns import posix_regex
from lookout.contracts.checks.values.plan import plan_values, read_values
from lookout.contracts.spec.model import ColumnContract, Contract, Rule, Sampling
from lookout.database.connection import Connection, connect

Rows = list[tuple[Any, ...]]


class Database:
    """One database to fill, and to check contracts in."""

    def __init__(self, connection: Connection) -> None:
        self.handle = connect(connection)
        self.handle.autocommit = True
        self.asked: list[str] = []

    def run(self, statement: sql.Composable | str, parameters: Any = None) -> Rows:
        with self.handle.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall()) if cursor.description else []

    def ask(self, query: sql.Composable | str, parameters: Any = None) -> Rows:
        self.asked.append(query if isinstance(query, str) else query.as_string(self.handle))
        return self.run(query, parameters)

    def table(self, columns: str, *rows: tuple[Any, ...], name: str = "t") -> None:
        table = sql.Identifier(name)
        self.run(sql.SQL("drop table if exists {} cascade").format(table))
        self.run(sql.SQL("create table {} ({})").format(table, sql.SQL(columns)))
        for row in rows:
            values = sql.SQL(", ").join([sql.Literal(value) for value in row])
            self.run(sql.SQL("insert into {} values ({})").format(table, values))

    def check(self, *rules: Rule, table: str = "t", since: datetime | None = None, **more: Any) -> ValueCheck:
        contract = Contract("shop.t", "shop", "public", table, "source.shop.t", rules=rules, **more)
        observed = observe(self.run, [("public", table)])["public", table]
        self.asked.clear()
        return check_values(self.ask, contract, observed, since=since)


@pytest.fixture(scope="module")
def db(server: Any) -> Iterator[Database]:
    database = Database(server.create_database())
    yield database
    database.handle.close()


def failing(check: ValueCheck) -> dict[str, int | None]:
    return {violation.rule: violation.failing_rows for violation in check.violations}


def rule(kind: Any, on: str = "v", name: str = "r", /, where: str | None = None, **arguments: Any) -> Rule:
    return Rule(kind, (on,) if on else (), name, arguments, where=where)


# Every kind of rule: values that hold, values that break it, and NULL, which breaks not_null alone --------------------

KINDS: list[tuple[Rule, str, list[Any], list[Any]]] = [
    (rule("accepted_values", values=["a", "b%", None]), "text", ["a", "b%"], ["A", "", "b"]),
    (rule("accepted_values", values=["1", 2.0]), "integer", [1, 2], [3]),
    (rule("accepted_values", values=[0.1]), "real", [0.1], [0.2]),
    (rule("accepted_values", values=[True]), "boolean", [True], [False]),
    (rule("accepted_values", values=[date(2026, 1, 1)]), "date", ["2026-01-01"], ["2026-01-02"]),
    (rule("accepted_values", values=["ok", "no such label"]), "mood", ["ok"], ["sad"]),
    (rule("accepted_values", values=[]), "text", [], ["a"]),
    (rule("range", min=0, max="10.5"), "integer", [0, 10], [-1, 11]),
    (rule("range", min=0, max=10, strict=True), "numeric", [0.01, 9.99], [0, 10]),
    (rule("range", min=0.1), "real", [0.1], [0.0999]),
    (rule("range", max=5), "money", [5], [6]),
    (rule("range", min="2026-01-01", max=date(2026, 2, 1)), "timestamptz", ["2026-01-01"], ["2025-12-31", "2026-02-02"]),
    (rule("range", min="b"), "text", ["b", "c"], ["a"]),
    (rule("length", min=1, max=3), "text", ["a", "äöü"], ["", "abcd"]),
    (rule("length", max=2), "varchar", [""], ["abc"]),
    (rule("length", min=2), "char(5)", ["ab"], ["a", " "]),
    (rule("length", min=3, max=3), "text", ["äöü"], ["", "ab", "abcd"]),
    (rule("length", min=0), "text", ["", "a"], []),
    (rule("length", min=1, max=2), "bytea", [b"a"], [b"", b"abc"]),
    (rule("pattern", regex="^[A-Za-z0-9-_]+$"), "text", ["A-1_b"], ["", "A 1", "ä!"]),
    (rule("pattern", regex="%s"), "text", ["a%sb"], ["a"]),
    (rule("precision", digits=2), "numeric", [1, 1.25, "1.200"], [1.234]),
    (rule("precision", digits=5), "float8", [1e-05, 100000.0, "Infinity", "NaN"], [1e-06]),
    (rule("precision", digits=0), "float8", [100000.0], [1e-05]),
    (rule("precision", digits=0), "integer", [7], []),
    (rule("unique"), "text", ["a", "A", ""], []),
    (rule("expression", "", sql="v > 0 -- and so on"), "integer", [1], [0, -1]),
    (rule("relationship", schema="public", table="parent", column="id"), "integer", [1, 2], [3]),
    (rule("type", data_type="number"), "text", ["1", "-1.5e3", " .5 ", "10."], ["ONE", "", "NaN", "1e9999", "0x1"]),
    (rule("type", data_type="integer"), "text", ["1", "-7"], ["1.5", "true"]),
    (rule("type", data_type="boolean"), "text", ["true", "F", "0"], ["2", "tru"]),
    (rule("type", data_type="date"), "text", ["2024-02-29", "2000-02-29"], ["2023-02-29", "1900-02-29", "2026-04-31"]),
    (rule("type", data_type="timestamptz"), "text", ["2026-01-01T10:00:00Z", "2026-01-01 10:00:00.123+02:00"],
     ["now", "2026-01-01T25:00", "0000-01-01"]),
    (rule("type", data_type="uuid"), "text", ["00000000-0000-0000-0000-00000000000a"], ["0-0"]),
    (rule("type", data_type="integer"), "integer", [1], []),
]  # fmt: skip


@pytest.mark.parametrize(("promise", "type_", "good", "bad"), KINDS, ids=lambda value: getattr(value, "kind", None))
def test_each_kind_of_rule(db: Database, promise: Rule, type_: str, good: list[Any], bad: list[Any]) -> None:
    db.run("drop type if exists mood cascade; create type mood as enum ('ok', 'sad')")
    db.table("id integer", (1,), (1,), (2,), (None,), name="parent")
    db.table(f"v {type_}", *((value,) for value in [*good, *bad, None]))
    check = db.check(promise)
    assert (failing(check), check.message) == ({"r": len(bad)} if bad else {}, "")
    assert check.invalid_rows == len(bad)
    assert check.outcome == ("violated" if bad else "passed")
    if bad:
        (violation,) = check.violations
        wanted = "TYPE_MISMATCH" if promise.kind == "type" else "CONSTRAINT_VIOLATION"
        assert (violation.violation_type, violation.total_rows) == (wanted, len(good) + len(bad) + 1)


def test_not_null_and_rules_with_a_condition(db: Database) -> None:
    db.table("v integer, w text", (None, "a"), (None, "b"), (1, "a"), (5, None))
    check = db.check(
        rule("not_null", "v", "all"),
        rule("not_null", "v", "some", where="w = 'a' -- only"),
        rule("range", "v", "low", min=2, where="w is null or w = 'b'"),
        rule("unique", "w", "u", where="v is not null"),
    )
    assert failing(check) == {"all": 2, "some": 1}
    assert (check.invalid_rows, {v.violation_type for v in check.violations}) == (2, {"NULLABILITY_VIOLATION"})
    assert check.violations[0].actual == "null in 2 of 4 rows (50.0 %)"
    assert check.violations[1].expected == "not null where w = 'a' -- only"


def test_keys_of_one_and_of_several_columns(db: Database) -> None:
    db.table("a integer, b text", (1, "x"), (1, "x"), (1, "y"), (2, None), (2, None), (None, "x"))
    composite = Rule("unique", ("a", "b"), "both")
    assert failing(db.check(rule("unique", "a", "a"), rule("unique", "b", "b"), composite)) == {
        "a": 3,
        "b": 2,
        "both": 1,
    }
    db.run("create table child () inherits (t); insert into child values (7, 'q'), (7, 'q')")
    db.run(
        "create table keyed (a integer primary key); insert into keyed values (1); create table heir () inherits (keyed)"
    )
    assert failing(db.check(composite)) == {"both": 2}
    assert failing(db.check(rule("unique", "a"), table="keyed")) == {}
    db.run("insert into heir values (1)")
    assert failing(db.check(rule("unique", "a"), table="keyed")) == {"r": 1}


def test_two_relationships_count_an_invalid_row_once(db: Database) -> None:
    db.table("id integer", (1,), (1,), name="parent")
    db.table("id integer, parent_id integer, w integer", (1, 1, 1), (2, 9, 1), (9, 9, None), (9, 1, 1), (None, None, 1))
    both = [
        Rule("relationship", (name,), name, {"schema": "public", "table": "parent", "column": "id"})
        for name in ("id", "parent_id")
    ]
    check = db.check(*both, rule("not_null", "w"))
    assert failing(check) == {"id": 3, "parent_id": 2, "r": 1}
    assert check.invalid_rows == 3


def test_random_rows_are_counted_as_pandas_counts_them(db: Database) -> None:
    dice = random.Random(7)
    words = ["a", "bb", "ccc", "dddd", "", "Ab1", None]
    for _ in range(3):
        rows = [
            (dice.choice([None, *range(20)]), dice.choice(words), dice.choice([None, 0.5, 1.25, -3.123, 8.0]))
            for _ in range(dice.randrange(1, 120))
        ]
        db.table("i integer, t text, f numeric", *rows)
        frame = pd.DataFrame(rows, columns=["i", "t", "f"]).astype({"i": "Int64", "f": "float64"})
        check = db.check(
            rule("not_null", "i", "nn"),
            rule("unique", "i", "u"),
            Rule("unique", ("i", "t"), "u2"),
            rule("range", "f", "rg", min=0, max=1.25),
            rule("length", "t", "len", min=1, max=3),
            rule("pattern", "t", "pat", regex="^[a-z]*$"),
            rule("accepted_values", "t", "av", values=["a", "bb"]),
            rule("precision", "f", "pr", digits=1),
        )
        t, f = frame["t"].dropna(), frame["f"].dropna()
        wanted = {
            "nn": frame["i"].isna().sum(),
            "u": frame["i"].dropna().duplicated().sum(),
            "u2": frame.dropna(subset=["i", "t"]).duplicated(["i", "t"]).sum(),
            "rg": ((f < 0) | (f > 1.25)).sum(),
            "len": (~t.str.len().between(1, 3)).sum(),
            "pat": (~t.str.fullmatch("[a-z]*")).sum(),
            "av": (~t.isin(["a", "bb"])).sum(),
            "pr": ((f * 10 - (f * 10).round()).abs() > 1e-9).sum(),
        }
        assert failing(check) == {name: int(count) for name, count in wanted.items() if count}
        invalid = frame["i"].isna() | ((frame["f"] < 0) | (frame["f"] > 1.25)) | frame["f"].isin([1.25, -3.123])
        assert check.invalid_rows == int((invalid | (frame["t"].notna() & ~frame["t"].isin(["a", "bb"]))).sum())


def test_all_rules_are_one_statement(db: Database) -> None:
    db.table("v integer", (1,), (2,))
    check = db.check(*(rule("range", "v", f"r{number}", min=number % 2) for number in range(1800)), rule("unique"))
    assert (check.outcome, len(db.asked)) == ("passed", 1)


# Payloads: the records of the seed systems ----------------------------------------------------------------------------

CDC = (
    ColumnContract("order_key", "string", is_nullable=False), ColumnContract("total_amount", "float", is_nullable=False),
    *(ColumnContract(name, type_, is_required=False) for name, type_ in (
        ("customer_id", "integer"), ("quantity", "integer"), ("unit_price", "float"), ("order_status", "string"),
        ("order_date", "datetime"), ("is_gift", "boolean"), ("tags", "array"), ("address", "object"))),
)  # fmt: skip
CDC_RULES = (
    rule("length", "order_key", "length(order_key)", min=1, max=100),
    rule("pattern", "order_key", "pattern(order_key)", regex="^[A-Za-z0-9-_]+$"),
    rule("range", "total_amount", "range(total_amount)", min=0, max=999999.99),
    rule("precision", "total_amount", "precision(total_amount)", digits=2),
    rule("range", "quantity", "range(quantity)", min=1),
    rule("accepted_values", "order_status", "accepted(order_status)", values=["pending", "completed", "refunded"]),
)
OK = {"order_key": "A1", "total_amount": 10.0}
O_C10 = [OK, {"order_key": 12345, "total_amount": "ONE HUNDRED"}, {"order_key": "A3", "total_amount": "1.0.0"}]


def records(db: Database, *found: Any, type_: str = "jsonb", **more: Any) -> ValueCheck:
    texts = [record if isinstance(record, str) or record is None else json.dumps(record) for record in found]
    db.table(f"id integer, record {type_}", *enumerate(texts, 1))
    settings = {"payload": "record", "columns": CDC, "example_columns": ("id",), "mode": "strict", **more}
    return db.check(*settings.pop("rules", CDC_RULES), **settings)


@pytest.mark.parametrize("type_", ["json", "jsonb"])
@pytest.mark.parametrize(
    ("record", "violations"),
    [
        pytest.param(OK, [], id="O-C2"),
        pytest.param({"total_amount": 10.0}, [("MISSING_REQUIRED_FIELD", "order_key")], id="O-C3"),
        pytest.param({**OK, "zzz": 1}, [("UNEXPECTED_FIELD", "zzz")], id="O-C4"),
        pytest.param({**OK, "total_amount": "ONE HUNDRED"}, [("TYPE_MISMATCH", "total_amount")], id="O-C5 text"),
        pytest.param({**OK, "order_key": 12345}, [("TYPE_MISMATCH", "order_key")], id="O-C5 number"),
        pytest.param({**OK, "total_amount": 10}, [], id="O-C5 int is a float"),
        pytest.param('{"order_key": "A1", "total_amount": 10.00}', [], id="O-C5 numeric is a float"),
        pytest.param({**OK, "quantity": True}, [("TYPE_MISMATCH", "quantity")], id="O-C5 true is no integer"),
        pytest.param({**OK, "quantity": 1.5}, [("TYPE_MISMATCH", "quantity")], id="no whole number"),
        pytest.param({**OK, "quantity": "many"}, [("TYPE_MISMATCH", "quantity")], id="constraints are skipped"),
        pytest.param({**OK, "order_key": None}, [("NULLABILITY_VIOLATION", "order_key")], id="O-C6"),
        pytest.param({**OK, "quantity": None, "order_date": None, "tags": None}, [], id="nullable"),
        pytest.param({**OK, "order_key": ""}, [("CONSTRAINT_VIOLATION", "order_key")] * 2, id="O-C7 length"),
        pytest.param({**OK, "order_key": "A 1"}, [("CONSTRAINT_VIOLATION", "order_key")], id="O-C7 pattern"),
        pytest.param({**OK, "total_amount": -1.0}, [("CONSTRAINT_VIOLATION", "total_amount")], id="O-C7 range"),
        pytest.param({**OK, "total_amount": 1.234}, [("CONSTRAINT_VIOLATION", "total_amount")], id="O-C7 precision"),
        pytest.param({**OK, "order_status": "x"}, [("CONSTRAINT_VIOLATION", "order_status")], id="O-C7 values"),
        pytest.param({**OK, "order_date": "2026-02-28T10:00:00+02:00"}, [], id="ISO 8601"),
        pytest.param({**OK, "order_date": "2026-02-30T10:00:00"}, [("TYPE_MISMATCH", "order_date")], id="no such day"),
        pytest.param(
            {**OK, "is_gift": "yes", "tags": {}, "address": []},
            [("TYPE_MISMATCH", name) for name in ("address", "is_gift", "tags")],
            id="other types",
        ),
        pytest.param([1], [("TYPE_MISMATCH", "record")], id="an array"),
        pytest.param("7", [("TYPE_MISMATCH", "record")], id="a number"),
        pytest.param(None, [("NULLABILITY_VIOLATION", "record")], id="nothing"),
    ],
)
def test_records(db: Database, type_: str, record: Any, violations: list[tuple[str, str]]) -> None:
    check = records(db, record, type_=type_)
    assert sorted((v.violation_type, v.column_name) for v in check.violations) == violations
    assert (check.invalid_rows, check.message) == (int(bool(violations)), "")


def test_what_jsonb_cannot_hold_is_no_object(db: Database) -> None:
    check = records(db, '{"order_key": "a\\u0000b"}', OK, type_="json")
    assert failing(check) == {"type(record)": 1}


def test_o_c10_and_o_t3_three_single_violations(db: Database) -> None:
    check = records(db, *O_C10)
    found = {
        v.column_name: (v.violation_type, v.rule, v.failing_rows, v.expected, v.severity) for v in check.violations
    }
    assert found == {
        "order_key": ("TYPE_MISMATCH", "type(order_key)", 1, "string", "critical"),
        "total_amount": ("TYPE_MISMATCH", "type(total_amount)", 2, "float", "critical"),
    }
    assert (check.total_rows, check.invalid_rows) == (3, 2)
    assert [v.actual for v in check.violations] == ["number in 1 of 3 rows (33.3 %)", "string in 2 of 3 rows (66.7 %)"]
    assert [v.example_keys for v in check.violations] == [('{"id": 2}',), ('{"id": 2}', '{"id": 3}')]


def test_o_c1_unexpected_fields_can_be_ignored(db: Database) -> None:
    assert records(db, {**OK, "zzz": 1}, unexpected="ignore").outcome == "passed"
    check = records(db, {**OK, "zzz": 1, "b": 2}, {**OK, "zzz": 3}, unexpected="fail")
    assert [(v.column_name, v.failing_rows, v.severity) for v in check.violations] == [
        ("b", 1, "critical"),
        ("zzz", 2, "critical"),
    ]


@pytest.mark.parametrize("is_included", [False, True])
def test_o_c13_values_are_said_only_when_asked_for(db: Database, is_included: bool) -> None:
    bad = {"order_key": "PLANTED 1", "total_amount": "PLANTED", "order_status": "PLANTED", "quantity": -4711}
    check = records(
        db,
        bad,
        include_sample_data=is_included,
        rules=(
            *CDC_RULES,
            rule("expression", "", "cast", sql="(record ->> 'total_amount')::numeric > 0"),
            rule("unique", "order_status", "u"),
        ),
    )
    said = repr(check)
    assert len(check.violations) == 5
    assert ("PLANTED" in said, "-4711" in said) == (is_included, is_included)
    assert "invalid input syntax for type numeric" in check.message


def test_the_key_of_an_example_is_no_loophole(db: Database) -> None:
    db.table("id text, v integer", ("PLANTED", -1), ("fine", 2))
    rules = (
        rule("pattern", "id", "p", regex="^[a-z]+$"),
        rule("range", "v", "r", min=0),
        rule("expression", "", "e", sql="id <> 'PLANTED'"),
    )
    check = db.check(*rules, example_columns=("id",))
    assert {v.rule: v.example_keys for v in check.violations} == {"p": (), "r": ('{"id": "PLANTED"}',), "e": ()}
    check = db.check(*rules, example_columns=("id", "v"))
    assert next(v for v in check.violations if v.rule == "p").example_keys == ('{"v": -1}',)
    check = db.check(*rules, example_columns=("id",), include_sample_data=True)
    assert all(v.example_keys for v in check.violations)
    assert "such as 'PLANTED'" in check.violations[0].actual


def test_examples_have_the_keys_that_the_catalog_knows(db: Database) -> None:
    db.table("v integer, day date, id integer, primary key (id, day)", (-1, "2026-01-01", 7))
    low = rule("range", min=0)
    assert json.loads(db.check(low).violations[0].example_keys[0]) == {"id": 7, "day": "2026-01-01"}
    assert db.check(low, sampling=Sampling(10, "latest"), timestamp_column="day").violations[0].example_keys
    assert db.check(low, example_columns=()).violations[0].example_keys == ()
    db.table("v integer, id integer unique", (-1, 7))
    assert db.check(low).violations[0].example_keys == ()
    db.table("v integer primary key", (-1,))
    assert db.check(low).violations[0].example_keys == ()


# A text column that is promised to be more ---------------------------------------------------------------------------


def test_constraints_wait_for_the_type(db: Database) -> None:
    db.table("v text", ("10",), ("ONE",), ("-1",), ("1.234",), (None,), ("9" * 2000,))
    check = db.check(
        rule("range", "v", "low", min=0), rule("precision", "v", "p", digits=2), columns=(ColumnContract("v", "float"),)
    )
    assert failing(check) == {"type(v)": 2, "low": 1, "p": 1}
    assert check.invalid_rows == 4


# Which rows ----------------------------------------------------------------------------------------------------------

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_o_c9_a_sample_of_the_latest_misses_the_oldest(db: Database) -> None:
    db.table("id integer, v integer, at timestamptz")
    db.run(
        "insert into t select n, case when n = 0 then -1 else n end, timestamptz '2026-01-01+00' + n * interval '1 h' "
        "from generate_series(0, 149) as n"
    )
    promise = rule("range", min=0)
    full = db.check(promise)
    latest = db.check(promise, timestamp_column="at", sampling=Sampling(100))
    assert (full.outcome, full.checked_rows, full.total_rows) == ("violated", 150, 150)
    assert (latest.outcome, latest.checked_rows, latest.total_rows) == ("passed", 100, 150)
    every = db.check(promise, sampling=Sampling(1000, "random"), example_columns=("id",))
    assert (every.checked_rows, every.violations[0].example_keys) == (150, ('{"id": 0}',))
    some = db.check(rule("range", min=1000), sampling=Sampling(10, "random"))
    assert (some.checked_rows, failing(some)) == (10, {"r": 10})


def test_new_rows_only(db: Database) -> None:
    at = [START + timedelta(days=day) for day in range(4)]
    db.table("id integer, v integer, at timestamptz", (1, -1, at[0]), (2, 1, at[1]), (3, -1, at[2]), (1, 1, at[3]))
    rules = (rule("range", "v", "low", min=0), rule("unique", "id", "u"))
    settings: dict[str, Any] = {"incremental": True, "timestamp_column": "at", "example_columns": ("id",)}
    first = db.check(*rules, **settings)
    assert (failing(first), first.checked_until) == ({"low": 2, "u": 1}, at[3])
    later = db.check(*rules, since=at[1], **settings)
    assert (later.checked_rows, later.total_rows, later.checked_until) == (2, 4, at[3])
    assert failing(later) == {"low": 1, "u": 1}
    assert later.violations[0].example_keys == ('{"id": 3}',)
    nothing = db.check(*rules, since=at[3], **settings)
    assert (nothing.outcome, nothing.checked_rows, nothing.checked_until) == ("passed", 0, at[3])


@pytest.mark.parametrize("type_", ["timestamp", "date"])
def test_marks_of_other_types(db: Database, type_: str) -> None:
    db.table(f"v integer, at {type_}", (1, "2026-01-01"), (-1, "2026-01-02"))
    check = db.check(rule("range", min=0), since=START, incremental=True, timestamp_column="at")
    assert (failing(check), check.checked_until) == ({"r": 1}, START + timedelta(days=1))


def test_rows_of_the_future_do_not_move_the_mark(db: Database) -> None:
    db.table("v integer, at timestamptz", (1, START), (1, START + timedelta(days=9)))
    contract = Contract(
        "t", "shop", "public", "t", "n", rules=(rule("not_null"),), incremental=True, timestamp_column="at"
    )
    observed = observe(db.run, [("public", "t")])["public", "t"]
    plan = plan_values(contract, observed, until=START + timedelta(days=1))
    assert read_values(plan, db.run(plan.query)[0]).newest_at == START


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "name a timestamp_column"),
        ({"timestamp_column": "gone"}, "column 'gone' does not exist"),
        ({"timestamp_column": "v"}, "column 'v' is of type integer"),
    ],
)
def test_new_rows_that_cannot_be_told(db: Database, settings: dict[str, str], said: str) -> None:
    db.table("v integer", (1,))
    check = db.check(rule("not_null"), incremental=True, **settings)
    assert (check.outcome, said in check.message) == ("not_evaluated", True)


def test_o_c11_a_table_without_rows_is_not_healthy(db: Database) -> None:
    db.table("v integer, at timestamptz")
    check = db.check(rule("not_null"))
    assert (check.outcome, "holds no rows" in check.message) == ("not_evaluated", True)
    assert [v.violation_type for v in check.violations] == ["CONTRACT_NOT_EVALUATED"]
    assert db.check(rule("not_null"), incremental=True, timestamp_column="at", since=START).outcome == "not_evaluated"


def test_a_filter(db: Database) -> None:
    db.table("v integer, is_deleted boolean", (-1, True), (1, False), (1, False))
    check = db.check(rule("range", min=0), rule("unique", "v", "u"), row_filter="not is_deleted -- gone")
    assert (failing(check), check.total_rows) == ({"u": 1}, 2)
    with pytest.raises(psycopg2.ProgrammingError, match="nope"):
        db.check(rule("range", min=0), row_filter="nope")


# Rules that cannot be evaluated --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (rule("pattern", "w", "bad", regex="["), "invalid regular expression"),
        (rule("expression", "", "bad", sql="nope > 1"), 'column "nope" does not exist'),
        (rule("expression", "", "bad", sql="v >"), "syntax error"),
        (rule("expression", "", "bad", sql="1 / (v - v) > 1"), "division by zero"),
        (rule("expression", "", "bad", sql="w::integer > 1"), "invalid input syntax for type integer"),
        (rule("not_null", "v", "bad", where="nope"), 'column "nope" does not exist'),
        (rule("relationship", "v", "bad", schema="public", table="gone", column="id"), "does not exist"),
        (rule("relationship", "w", "bad", schema="public", table="t", column="v"), "operator does not exist"),
        (rule("range", "w", "bad", min=0), "cannot be compared with a number"),
        (rule("range", "v", "bad", min="many"), "'many' is no number"),
        (rule("range", "v", "bad"), "needs min or max"),
        (rule("range", "d", "bad", min="2026-99-99"), "out of range"),
        (rule("length", "v", "bad", min=1), "is no text"),
        (rule("pattern", "v", "bad", regex="a"), "is no text"),
        (rule("precision", "w", "bad", digits=1), "is no number"),
        (rule("precision", "v", "bad"), "arguments of precision are not valid"),
        (rule("unique", "doc", "bad"), "cannot be compared"),
        (rule("not_null", "gone", "bad"), "column 'gone' does not exist"),
    ],
)
def test_one_bad_rule_does_not_blind_the_others(db: Database, bad: Rule, said: str) -> None:
    db.table("v integer, w text, d date, doc json", (1, "SECRET", None, "{}"), (-1, "b", None, "{}"))
    check = db.check(rule("range", "v", "low", min=0), bad, rule("unique", "v", "u"))
    assert {v.rule: v.violation_type for v in check.violations} == {
        "low": "CONSTRAINT_VIOLATION",
        "bad": "CONTRACT_NOT_EVALUATED",
    }
    assert (check.outcome, check.invalid_rows) == ("not_evaluated", 1)
    assert check.message.startswith("Rule bad of public.t could not be evaluated: ")
    assert said in check.message
    assert "SECRET" not in repr(check)


def test_a_missing_column_that_the_structure_tells_of_is_not_told_twice(db: Database) -> None:
    db.table("v integer", (-1,))
    gone = (ColumnContract("gone"),)
    assert failing(db.check(rule("range", "v", "low", min=0), rule("not_null", "gone", "g"), columns=gone)) == {
        "low": 1
    }
    only = db.check(rule("not_null", "gone", "g"), columns=gone)
    assert (only.outcome, only.violations) == ("not_evaluated", ())
    assert "No rule of public.t could be evaluated" in only.message


# Names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ['say "hi"', "it's", "Größe", "x" * 63, "%s %(a)s 100%", "{}", "lookout_key_0", "lookout_checked", "n", "select",
     "part", "field", "; drop table t; --", "kind", "shown"],
)  # fmt: skip
def test_hostile_names(db: Database, name: str) -> None:
    column = sql.Identifier(name).as_string(db.handle)
    db.table("id integer", (1,), name="parent")
    table = "lookout_checked" if name == "lookout_checked" else name
    db.table(f"{column} integer, id integer, at date", (1, 1, "2026-01-01"), (1, 5, "2026-01-02"), name=table)
    rules = (
        rule("range", name, "low", min=2),
        rule("unique", name, "u"),
        Rule("unique", (name, "id"), "u2"),
        rule("not_null", name, "nn"),
        rule("expression", "", "e", sql=f"{column} > 1"),
        Rule("relationship", ("id",), "rel", {"schema": "public", "table": "parent", "column": "id"}),
    )
    wanted = {"low": 2, "u": 1, "e": 2, "rel": 1}
    settings: dict[str, Any] = {"table": table, "example_columns": (name, "id"), "include_sample_data": True}
    check = db.check(*rules, **settings)
    assert failing(check) == wanted
    assert json.loads(check.violations[0].example_keys[0])[name] == 1
    assert failing(db.check(*rules, sampling=Sampling(5), timestamp_column="at", **settings)) == {**wanted, "u": 2}
    db.run(sql.SQL("drop table {}").format(sql.Identifier(table)))


@pytest.mark.parametrize("value", ["'; drop table t; --", "\\", "%s", "{}", "E'\\''", "a'b\"c", "\\'"])
def test_values_are_values(db: Database, value: str) -> None:
    db.table("v text", (value,), ("other",))
    db.table("record jsonb", (json.dumps({value: "x", "k": value}),), name="p")
    assert failing(db.check(rule("accepted_values", values=[value]))) == {"r": 1}
    check = db.check(
        rule("accepted_values", "k", values=[value]),
        table="p",
        payload="record",
        columns=(ColumnContract(value, "string"), ColumnContract("k", "string")),
    )
    assert (check.outcome, db.run("select count(*) from t")) == ("passed", [(2,)])


@pytest.mark.parametrize(
    ("regex", "posix"),
    [
        ("^[A-Za-z0-9-_]+$", r"^[A-Za-z0-9\-_]+$"), (r"[\w-.]", r"[\w\-.]"), ("[a-]", "[a-]"), ("[-a]", "[-a]"),
        ("[]a-z-x]", r"[]a-z\-x]"), (r"\[a-z-_\]", r"\[a-z-_\]"), ("[[:alpha:]-x]", r"[[:alpha:]\-x]"), ("a-b", "a-b"),
        ("[", "["), ("", ""), ("[+-]", "[+-]"), ("[^a-z-_]", r"[^a-z\-_]"), ("\\", "\\"),
    ],
)  # fmt: skip
def test_hyphens_as_other_dialects_read_them(regex: str, posix: str) -> None:
    assert posix_regex(regex) == posix


def test_a_column_that_may_not_be_read(db: Database) -> None:
    db.table("v integer, hidden integer", (-1, None))
    db.run("drop role if exists some_guard; create role some_guard login; grant select (v) on t to some_guard")
    db.run("set role some_guard")
    try:
        check = db.check(
            rule("range", "v", "low", min=0),
            rule("not_null", "hidden", "h"),
            rule("expression", "", "e", sql="hidden > 0"),
            columns=(ColumnContract("hidden"),),
        )
    finally:
        db.run("reset role")
        db.run("drop owned by some_guard; drop role some_guard")
    assert check.outcome == "not_evaluated"
    assert {v.rule: v.violation_type for v in check.violations} == {
        "low": "CONSTRAINT_VIOLATION",
        "h": "CONTRACT_NOT_EVALUATED",
        "e": "CONTRACT_NOT_EVALUATED",
    }
    assert "column 'hidden' may not be read by Lookout's user" in check.message
