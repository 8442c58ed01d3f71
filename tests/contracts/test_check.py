"""Contracts of many databases at once: structure and values together, and databases that fail alone."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from lookout.contracts.checks.check import check_contracts
from lookout.contracts.spec.model import ColumnContract, Contract, ContractCheck, Rule
from lookout.database.connection import Connection
from lookout.database.options import CollectOptions
from lookout.database.retries import Breakers, RetryPolicy
from lookout.errors import SourceError
from tests.waiting import Clock, ended_by_the_test

Sql = Callable[..., list[tuple[Any, ...]]]
LOW = Rule("range", ("v",), "range(v)", {"min": 0})
COLUMNS = (ColumnContract("id", "integer"), ColumnContract("v", "integer"))
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def contract(table: str = "good", *rules: Rule, connection: str = "shop", **more: Any) -> Contract:
    return Contract(
        f"{connection}.{table}",
        connection,
        "public",
        table,
        f"source.p.{connection}.{table}",
        rules=rules or (LOW,),
        **{"columns": COLUMNS, **more},
    )


def options(**settings: Any) -> CollectOptions:
    return CollectOptions(**{"breakers": Breakers(), "retry": RetryPolicy(max_attempts=1), **settings})


@pytest.fixture(scope="module")
def shop(server: Any) -> Connection:
    connection: Connection = server.create_database()
    return replace(connection, name="shop")


@pytest.fixture(autouse=True)
def _tables(shop: Connection, sql_rows: Sql) -> None:
    sql_rows(
        shop,
        """
        drop schema public cascade; create schema public; grant usage on schema public to public;
        create table good (id integer, v integer); insert into good values (1, 1), (2, 2);
        create table bad (id integer, v integer); insert into bad values (1, -1), (2, 2), (3, null);
        create table empty (id integer, v integer);
        create view asleep as select 1 as id, 1 as v from pg_sleep(3600);
    """,
    )


@pytest.fixture
def dead() -> Connection:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    return Connection("dead", {"host": "127.0.0.1", "port": port, "user": "u", "password": "s3cret", "dbname": "d"})


def check(shop: Connection, *contracts: Contract, **settings: Any) -> list[ContractCheck]:
    return check_contracts(contracts, {"shop": shop}, options=options(**settings))


def outcomes(checks: list[ContractCheck]) -> list[tuple[str, str]]:
    return [(found.structure, found.values) for found in checks]


def test_structure_and_values_of_one_table(shop: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout.contracts.checks.check.time", Clock(tick=1.5))
    good, bad = check(shop, contract(), contract("bad", example_columns=("id",)))
    assert (outcomes([good, bad]), good.message) == ([("passed", "passed"), ("passed", "violated")], "")
    assert (good.total_rows, good.checked_rows, good.invalid_rows, good.attempts) == (2, 2, 0, 1)
    assert good.is_evaluated
    assert good.duration_seconds == 1.5
    assert good.observed is not None
    (violation,) = bad.violations
    assert (violation.failing_rows, violation.total_rows, violation.example_keys) == (1, 3, ('{"id": 1}',))
    assert (violation.expected, violation.actual) == ("0 or more", "out of range in 1 of 3 rows (33.3 %)")
    assert bad.is_broken


def test_o_c8_drift_does_not_end_the_check_of_values(shop: Connection, sql_rows: Sql) -> None:
    sql_rows(shop, "alter table bad drop column id; alter table bad add column foo int")
    (found,) = check(shop, contract("bad"))
    assert sorted((v.violation_type, v.column_name) for v in found.violations) == [
        ("CONSTRAINT_VIOLATION", "v"),
        ("MISSING_REQUIRED_FIELD", "id"),
        ("UNEXPECTED_FIELD", "foo"),
    ]
    assert outcomes([found]) == [("violated", "violated")]


def test_a_table_that_is_gone(shop: Connection) -> None:
    gone, beside = check(shop, contract("gone"), contract())
    assert outcomes([gone, beside]) == [("violated", "not_evaluated"), ("passed", "passed")]
    assert [v.violation_type for v in gone.violations] == ["MISSING_REQUIRED_FIELD"]
    assert "There is no table public.gone" in gone.message


def test_o_c11_no_rows(shop: Connection) -> None:
    (found,) = check(shop, contract("empty"))
    assert (outcomes([found]), found.total_rows) == ([("passed", "not_evaluated")], 0)
    assert "Table public.empty holds no rows" in found.message


def test_one_database_is_down(shop: Connection, dead: Connection) -> None:
    told: list[str] = []
    found = check_contracts(
        [
            contract("a", connection="dead"),
            contract("bad"),
            contract("b", connection="dead"),
            contract(connection="elsewhere"),
        ],
        {"shop": shop, "dead": dead},
        options=options(),
        on_done=lambda done: told.append(done.contract.name),
    )
    assert outcomes(found) == [
        ("not_evaluated",) * 2,
        ("passed", "violated"),
        ("not_evaluated",) * 2,
        ("not_evaluated",) * 2,
    ]
    assert sorted(told) == ["dead.a", "dead.b", "elsewhere.good", "shop.bad"]
    (violation,) = found[0].violations
    assert (violation.violation_type, violation.rule) == ("CONTRACT_NOT_EVALUATED", "structure")
    assert "refused" in found[0].message
    assert "s3cret" not in repr(found)
    assert "There is no output 'elsewhere' in profiles.yml" in found[3].message
    assert not any(one.is_evaluated for one in (found[0], found[2], found[3]))


def test_a_table_that_takes_too_long(shop: Connection) -> None:
    slow, beside = check(shop, contract("asleep"), contract(), statement_timeout=0.3)
    assert outcomes([slow, beside]) == [("passed", "not_evaluated"), ("passed", "passed")]
    assert "did not answer within 0.3 s" in slow.message
    assert [v.violation_type for v in slow.violations] == ["CONTRACT_NOT_EVALUATED"]


def test_a_filter_that_is_wrong_is_one_sentence(shop: Connection) -> None:
    (found,) = check(shop, contract("bad", row_filter="v / 0 > 1"))
    assert (found.values, "division by zero" in found.message) == ("not_evaluated", True)


def test_rights(shop: Connection, sql_rows: Sql) -> None:
    sql_rows(
        shop,
        "drop role if exists guard_reader; create role guard_reader login; grant select (v) on bad to guard_reader",
    )
    reader = Connection("shop", {**shop.parameters, "user": "guard_reader"})
    try:
        unreadable, part = check(reader, contract(), contract("bad", LOW, Rule("not_null", ("id",), "nn")))
    finally:
        sql_rows(shop, "drop owned by guard_reader; drop role guard_reader")
    assert outcomes([unreadable, part]) == [("not_evaluated", "not_evaluated")] * 2
    assert "User 'guard_reader' may not read public.good" in unreadable.message
    assert {v.rule: v.failing_rows for v in part.violations} == {"structure": None, "range(v)": 1, "nn": None}


def test_values_can_be_left_out_and_contracts_selected(shop: Connection) -> None:
    contracts = [contract(), contract("bad"), contract("gone", connection="away")]

    def chosen(*select: str) -> list[str]:
        found = check_contracts(contracts, {"shop": shop}, options=options(), values=False, select=select or None)
        assert {one.values for one in found} <= {"none"}
        return [one.contract.table for one in found]

    assert chosen() == ["good", "bad", "gone"]
    assert chosen("shop.*") == ["good", "bad"]
    assert chosen("public.bad", "away.public.*") == ["bad", "gone"]
    assert chosen("nothing") == []


def test_nothing_promised(shop: Connection) -> None:
    (found,) = check(shop, Contract("n", "shop", "public", "good", "n"))
    assert (outcomes([found]), found.is_evaluated) == ([("none", "none")], True)


def test_marks(shop: Connection, sql_rows: Sql) -> None:
    sql_rows(shop, "create table timed (id int, v int, at timestamptz)")
    sql_rows(shop, "insert into timed values (1, -1, '2026-01-01+00'), (2, 1, '2026-01-02+00')")
    timed = contract("timed", columns=(), incremental=True, timestamp_column="at")
    (all_rows,) = check(shop, timed)
    (new_rows,) = check_contracts(
        [timed], {"shop": shop}, options=options(), marks={("shop", "public.timed"): START}, as_of=START
    )
    assert (all_rows.values, all_rows.checked_until) == ("violated", datetime(2026, 1, 2, tzinfo=timezone.utc))
    assert (new_rows.values, new_rows.checked_rows, new_rows.checked_until) == ("passed", 1, START)


def test_names_of_another_case_are_those_of_the_table(shop: Connection) -> None:
    shouted = (ColumnContract("ID", "integer"), ColumnContract("V", "integer"))
    (found,) = check(shop, contract("bad", replace(LOW, columns=("V",)), columns=shouted))
    assert (outcomes([found]), found.violations[0].column_name) == ([("passed", "violated")], "v")


def test_a_session_writes_nothing(shop: Connection, sql_rows: Sql) -> None:
    sql_rows(
        shop,
        "create function writes(n int) returns boolean language plpgsql as "
        "$$ begin insert into good values (n, n); return true; end $$",
    )
    (found,) = check(shop, contract("good", Rule("expression", (), "e", {"sql": "writes(v)"}), LOW))
    assert (found.values, "read-only" in found.message) == ("not_evaluated", True)
    assert sql_rows(shop, "select count(*) from good") == [(2,)]


def test_an_error_of_the_callback_ends_everything(shop: Connection) -> None:
    def fail(_: ContractCheck) -> None:
        raise SourceError("the warehouse is full")

    with ended_by_the_test(shop, "asleep") as ended, pytest.raises(SourceError, match="the warehouse is full"):
        check_contracts([contract(), contract("asleep")], {"shop": shop}, options=options(), on_done=fail)
    assert ended == []


def test_nothing_to_do() -> None:
    assert check_contracts([], {}) == []
