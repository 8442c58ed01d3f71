"""A suggested contract is YAML that dbt reads, that the table keeps, and that tells nothing about people."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg2.extensions import connection as PgConnection  # noqa: N812

from lookout.contracts.checks.catalog import observe
from lookout.contracts.checks.check import check_contracts
from lookout.contracts.exchange.dbt_yaml import YamlColumn, YamlSource, YamlTable, write_models, write_sources
from lookout.contracts.exchange.suggest import suggest
from lookout.contracts.exchange.suggest_query import (
    ColumnProfile,
    ColumnProfiles,
    looks_personal,
    plan_suggestion,
    read_suggestion,
)
from lookout.contracts.spec.declared import load_contracts
from lookout.contracts.spec.model import Contract, ObservedColumn, ObservedTable
from lookout.database.connection import Connection, connect
from lookout.project.dbt import Project
from tests.conftest import Server

TABLES = """
create type mood as enum ('calm', 'cross');
create domain amount as numeric(12,2) check (value >= 0);
create table orders (
    order_id bigint, "State" text not null, email text, contact text, quantity integer, total amount, tax float8,
    shelf_id integer, mood mood, code char(3), note text, document json, "order" integer, at timestamptz,
    line_a integer, line_b integer, unique (line_a, line_b)
);
insert into orders
select
    i, (array['open', 'paid', 'sent'])[1 + i % 3], 'person' || i || '@example.org',
    (array['ann@example.org', 'bob@example.org'])[1 + i % 2], i % 7 - 3, i * 1.5,
    case when i = 3 then 'NaN'::float8 else i end, i, (array['calm', 'cross']::mood[])[1 + i % 2], 'abc',
    case when i % 9 = 0 then null else repeat('x', 1 + i % 20) end, '{}', 7, now(), i / 10, i % 10
from generate_series(1, 1000) as i;
create view order_view as select * from orders;
create table few as select order_id, "State" from orders limit 20;
create table large as select i as id, i % 100 as share, 'x' as kind from generate_series(1, 40000) as i;
create table nothing ();
analyze;
"""


@pytest.fixture(scope="module")
def database(server: Server) -> Connection:
    return server.create_database()


@pytest.fixture(scope="module")
def shop(database: Connection) -> Iterator[PgConnection]:
    with closing(connect(database)) as handle:
        handle.autocommit = True
        with handle.cursor() as cursor:
            cursor.execute(TABLES)
        yield handle


@pytest.fixture
def ask(shop: PgConnection) -> Callable[..., list[tuple[Any, ...]]]:
    def run(query: Any, parameters: Any = None) -> list[tuple[Any, ...]]:
        with shop.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall()

    return run


@pytest.fixture
def look(ask: Callable[..., list[tuple[Any, ...]]]) -> Callable[..., tuple[ObservedTable, ColumnProfiles]]:
    def run(table: str, sample_rows: int = 100_000) -> tuple[ObservedTable, ColumnProfiles]:
        observed = observe(ask, [("public", table)])["public", table]
        query = plan_suggestion("public", table, observed, sample_rows)
        return observed, read_suggestion(observed, ask(query) if query else [], sample_rows)

    return run


@pytest.fixture(scope="module")
def contracts_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Contract, ...]]:
    """Lets dbt parse a project with the YAML in it, and Lookout read its contracts. dbt keeps what it parsed."""
    root: Path = tmp_path_factory.mktemp("pasted")
    (root / "models").mkdir()

    def read(text: str, models: Sequence[str] = ()) -> tuple[Contract, ...]:
        (root / "models" / "pasted.yml").write_text(text)
        for name in models:
            (root / "models" / f"{name}.sql").write_text("select 1 as one")
        output = {"type": "postgres", "host": "nowhere", "port": 1, "user": "u", "password": "", "threads": 1}
        profile = {"target": "ci", "outputs": {"ci": {**output, "dbname": "d", "schema": "s"}}}
        (root / "profiles.yml").write_text(yaml.safe_dump({"pasted": profile}))
        definition = {"name": "pasted", "version": "1.0", "profile": "pasted"}
        (root / "dbt_project.yml").write_text(
            yaml.safe_dump({**definition, "flags": {"send_anonymous_usage_stats": False}})
        )
        return load_contracts(Project(root, root).parse(), default_connection="warehouse")

    return read


def rules(contract: Contract) -> dict[tuple[str, str], dict[str, Any]]:
    return {(rule.kind, ", ".join(rule.columns)): dict(rule.arguments) for rule in contract.rules}


Look = Callable[..., tuple[ObservedTable, ColumnProfiles]]
Read = Callable[..., tuple[Contract, ...]]
EXPECTED_TYPES = {
    "order_id": "bigint", "State": "text", "email": "text", "contact": "text", "quantity": "integer",
    "total": "amount", "tax": "double precision", "shelf_id": "integer", "mood": "mood", "code": "character(3)",
    "note": "text", "document": "json", "order": "integer", "at": "timestamp with time zone", "line_a": "integer",
    "line_b": "integer",
}  # fmt: skip


@pytest.mark.parametrize("is_model", [False, True])
def test_the_table_keeps_what_is_suggested(
    look: Look, contracts_of: Read, database: Connection, is_model: bool
) -> None:
    observed, profile = look("orders")
    name = "orders" if is_model else "shop.orders"
    text = suggest(name, observed, profile, schema="public", connection="shop", is_model=is_model)
    (contract,) = contracts_of(text, ["orders"] if is_model else [])
    assert (contract.name, contract.connection, contract.table) == (name, "shop", "orders")
    assert {column.name: column.data_type for column in contract.columns} == EXPECTED_TYPES
    assert [column.name for column in contract.columns if column.is_nullable] == ["note"]
    found = rules(contract)
    not_null = {("not_null", name) for name in EXPECTED_TYPES if name != "note"}
    assert set(found) - not_null == {
        ("unique", "order_id"),
        ("unique", "line_a, line_b"),
        ("accepted_values", "State"),
        ("accepted_values", "mood"),
        ("accepted_values", "code"),
        ("range", "quantity"),
        ("range", "total"),
        ("range", "line_a"),
        ("range", "line_b"),
        ("length", "note"),
    }
    assert found["accepted_values", "State"]["values"] == ["open", "paid", "sent"]
    assert (found["range", "quantity"]["min"], found["range", "quantity"]["max"]) == (-5, 5)
    assert (found["range", "total"]["min"], found["range", "total"]["max"]) == (0, 1900)
    assert (found["length", "note"]["min"], found["length", "note"]["max"]) == (1, 30)
    placed = dataclasses.replace(contract, schema="public")
    (check,) = check_contracts([placed], {"shop": database})
    assert (check.violations, check.message) == ((), "")
    assert (check.structure, check.values) == ("passed", "passed")
    assert check.checked_rows == 1000


def test_nothing_about_people_is_written(look: Look) -> None:
    observed, profile = look("orders")
    text = suggest("shop.orders", observed, profile)
    assert "@" not in text
    assert text.count("looks personal: no values, ranges or lengths are written here.") == 2
    # The values of a column that is private by its name do not even leave the database.
    assert (profile.columns["email"].values, profile.columns["email"].longest) == (None, None)


@pytest.mark.parametrize(
    ("name", "is_personal"),
    [
        ("email", True), ("customerEmail", True), ("Phone2", True), ("first_name", True), ("firstName", True),
        ("DATE_OF_BIRTH", True), ("dob", True), ("ssn", True), ("iban_code", True), ("api_token", True),
        ("passwordHash", True), ("ship_address_1", True), ("clientIP", True), ("status", False), ("total", False),
        ("description", False), ("shipped_at", False), ("panel", False), ("username", True), ("assignee", False),
    ],
)  # fmt: skip
def test_names_of_people(name: str, is_personal: bool) -> None:
    assert looks_personal(name) is is_personal


def test_a_large_table_is_sampled_and_says_so(look: Look) -> None:
    observed, profile = look("large", sample_rows=2_000)
    assert profile.sample == "random"
    assert 200 < profile.rows <= 4_000
    text = suggest("shop.large", observed, profile)
    assert f"# Suggested from a sample of {profile.rows:,} rows." in text
    # No index says so, and rows that were not read may repeat a value.
    assert "unique" not in text
    assert "values: [x]" in text
    everything = look("large")[1]
    assert (everything.sample, everything.rows) == ("", 40_000)
    assert "data_tests: [not_null, unique]" in suggest("shop.large", observed, everything)


def test_first_rows_and_few_rows_prove_nothing_about_values(look: Look) -> None:
    observed, profile = look("order_view", sample_rows=500)
    assert (profile.sample, profile.rows) == ("first", 500)
    for text in (suggest("shop.order_view", observed, profile), suggest("shop.few", *look("few"))):
        assert "data_tests" not in text
        assert "contract: true" in text
        assert "name: State" in text
    assert look("order_view")[1].sample == ""


def test_a_table_without_columns_and_one_that_may_not_be_read(look: Look, contracts_of: Read) -> None:
    observed, profile = look("nothing")
    (contract,) = contracts_of(suggest("shop.nothing", observed, profile))
    assert contract.columns == ()
    hidden = ObservedTable("r", columns=(ObservedColumn("a", "text", "text", False, is_readable=False),))
    assert plan_suggestion("public", "t", hidden) is None
    text = suggest("shop.t", hidden, ColumnProfiles(rows=500))
    assert "# Not readable, so only the type is promised: a." in text
    assert "data_tests: [not_null]" in text


@pytest.mark.parametrize(
    ("type_", "low", "high", "expected"),
    [
        ("integer", "0", "6", {"min": 0, "max": 8}),
        ("integer", "-30", "1301", {"min": -400, "max": 1700}),
        ("integer", "2013", "2014", {"min": 2012, "max": 2015}),
        ("integer", "-9", "-1", {"min": -11, "max": 0}),
        ("numeric(12,2)", "3.50", "998.20", {"min": 0, "max": 1250}),
        ("numeric", "0.001", "0.009", {"min": 0, "max": 0.011}),
        ("integer", "5", "5", None),
        ("double precision", "1", "Infinity", None),
        ("text", None, None, None),
    ],
)
def test_ranges_are_wider_and_round(type_: str, low: str, high: str, expected: dict[str, Any] | None) -> None:
    observed = ObservedTable("r", columns=(ObservedColumn("size", type_, type_, True),))
    profile = ColumnProfiles(1000, "", {"size": ColumnProfile(1, 500, low, high)})
    text = suggest("shop.t", observed, profile)
    column = yaml.safe_load(text)["sources"][0]["tables"][0]["columns"][0]
    assert column.get("config", {"meta": {"lookout": {"contract": None}}})["meta"]["lookout"]["contract"] == expected


def test_values_that_yaml_and_jinja_would_read_otherwise(contracts_of: Read) -> None:
    odd = ("on", "no", "y", "1e3", "null", "07", "a: b", "#x", "{{ var('x') }}", "it's", 'say "x"', "{% if %}", "ü")
    column = YamlColumn(
        "Odd one",
        "varchar(20)",
        description="Costs {{ 5 }} #1: a\nb",
        accepted_values=odd,
        contract={"pattern": r"^\d{2,3}\.\w+{{1}}$"},
        comments=("Two\nlines",),
    )
    table = YamlTable("t", (column,), contract={"version": "1.0", "filter": "a <> '{{'"}, identifier="T 1")
    for text, models in (
        (write_sources(YamlSource("s", "other schema"), (table,)), []),
        (write_models((table,)), ["t"]),
    ):
        (contract,) = contracts_of(text, models)
        found = rules(contract)
        assert sorted(found["accepted_values", "Odd one"]["values"]) == sorted(odd)
        assert found["pattern", "Odd one"]["regex"] == r"^\d{2,3}\.\w+{{1}}$"
        assert contract.version == "1.0"
        assert contract.row_filter == "a <> '{{'"
