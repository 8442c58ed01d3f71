"""Quarantine: rows that break a strict contract stay out of the clean relation, say why, and come back once mended."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout.contracts.checks.check import check_contracts
from lookout.contracts.spec.declared import load_contracts
from tests.conftest import Observed, Server


def rules(**contract: Any) -> dict[str, Any]:
    return {"meta": {"lookout": {"contract": contract}}}


def column(name: str, data_type: str = "", tests: list[Any] | None = None, **contract: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name, "data_tests": tests or []}
    if data_type:
        said["data_type"] = data_type
    constraints = contract.pop("constraints", None)
    return (
        said
        | ({"constraints": constraints} if constraints else {})
        | ({"config": rules(**contract)} if contract else {})
    )


ORDERS = {
    "name": "orders",
    "loaded_at_field": "loaded_at",
    "config": rules(
        mode="strict",
        filter="deleted is not true -- nobody counts these",
        keys=[["order_id", "line"]],
        rules=[
            {"expression": "total >= tax", "name": "total_covers_tax", "where": "status <> 'draft' or status is null"},
            {"expression": "length(note) < 3 -- it's short", "severity": "warning"},
            {"unique": ["Odd \"name'"], "where": "line = 2"},
            {"unique": ["placed_at"], "where": "line = 3"},
        ],
    ),
    "columns": [
        column(
            "order_id",
            "bigint",
            ["not_null"],
            constraints=[{"type": "not_null"}, {"type": "check", "expression": "order_id > 2"}],
        ),
        column("line", "int", nullable=False, min=1, max=3),
        column("status", tests=[{"accepted_values": {"arguments": {"values": ["draft", "it's", "paid"]}}}]),
        column("total", "numeric(12,2)", min=0, max=100, strict=True, precision=1, accepted_values=[1, 1.5, "2.25", 3]),
        column("tax", "real", min=0.1, max=0.9, precision=1),
        column("price", "double precision", min=0.1, precision=2, where="line > 1"),
        column("quantity", "integer", min=0, max=5, accepted_values=[1, 2, 3]),
        column("placed_at", "timestamptz", min="2025-01-01", max="2025-12-31"),
        column("paid_on", "date", min="2025-06-01"),
        column("is_paid", "boolean", accepted_values=[True]),
        column("reference", "uuid", pattern="^0"),
        column("note", "text", min_length=1, max_length=3, pattern="^[A-Za-z0-9-_]+$"),
        column("code", "varchar(9)", accepted_values=["a", "b"], severity="warning"),
        column("kind", "raw.kind", accepted_values=["gone", "one"]),
        column("DAY", min="2025-06-01"),
        {**column("Big", max=5), "quote": True},
    ],
}
CREATE = """
create schema raw;
create type raw.kind as enum ('one', 'two');
create table raw.orders (
    order_id bigint, line int, status text, total numeric, tax real, price float8, quantity text, placed_at varchar,
    paid_on text, is_paid text, reference text, note text, code varchar(9), kind raw.kind, day date, deleted boolean,
    loaded_at timestamptz, "Odd ""name'" text, documents json, "Big" int, id serial
);
"""
NUMBERS = ["1", " 2 ", "-1", "+3", "2.5", ".5", "1e1", "x", "", "0x1", "9" * 20]
MOMENTS = [
    "2025-03-01",
    "2025-03-01T10:00:00Z",
    "2025-02-29",
    "2024-02-29 00:00",
    "2025-01-01 01:00:00+05",
    "today",
    "",
]
CHOICES: dict[str, list[Any]] = {
    "order_id": [*range(1, 200)], "line": [1, 0, 2, 3, 4], "status": ["draft", "it's", "paid", "PAID", ""],
    "total": [0, 1, 1.5, 2.25, 3, 99.999, 100, -1], "tax": [0.1, 0.9, 0.5, 0.05, 2, 0.25],
    "price": [0.1, 0.05, 1.005, "NaN", "Infinity", 3], "quantity": NUMBERS, "placed_at": MOMENTS, "paid_on": ["2025-06-02", *MOMENTS],
    "is_paid": ["true", "f", "YES", "ja", "1", " no "], "reference": ["0" * 8 + "-0000-0000-0000-" + "0" * 12, "1" * 8 + "-0000-0000-0000-" + "0" * 12, "x"],
    "note": ["a", "A-_", "", "abcd", "ä", "a b"], "code": ["a", "b", "c"], "kind": ["one", "two"],
    "day": ["2025-06-01", "2025-05-31", "0044-03-15 BC"], "deleted": [False, True],
    "loaded_at": ["2025-01-01Z", "2025-01-02Z"], 'Odd "name\'': ["p", "q", "r"],
    "documents": ["{}", "[1]"], "Big": [1, 6],
}  # fmt: skip
STAGED = """
{{ config(materialized='incremental', unique_key='order_id') }}

with accepted as (
    {{ lookout.accepted_rows(source('raw', 'replayed')) }}
)

select accepted.*
from accepted
{% if is_incremental() -%}
left join {{ this }} as present on accepted.order_id = present.order_id
where present.order_id is null or accepted.loaded_at > present.loaded_at
{%- endif %}
"""
REPLAYED: dict[str, Any] = {
    "name": "replayed",
    "config": rules(mode="strict"),
    "loaded_at_field": "loaded_at",
    "columns": [column("order_id", constraints=[{"type": "primary_key"}]), column("total", min=0, max=10)],
}
NOTES = {"name": "notes", "config": rules(mode="lenient"), "columns": [column("body", nullable=False)]}
MODELS = {
    "checked": "{{ lookout.checked_rows(source('raw', 'orders')) }}",
    "accepted": "{{ lookout.accepted_rows(source('raw', 'orders')) }}",
    "rejected": "{{ lookout.rejected_rows(source('raw', 'orders')) }}",
    "notes_accepted": "{{ lookout.accepted_rows(source('raw', 'notes')) }}",
    "notes_rejected": "{{ lookout.rejected_rows(source('raw', 'notes')) }}",
    "stg_replayed": STAGED,
    "stg_replayed_rejected": "{{ config(materialized='table') }} {{ lookout.rejected_rows(source('raw', 'replayed')) }}",
    "of_a_model": "{{ config(materialized='table', enabled=true) }} select 1 as id union all select null",
    "of_a_model_rejected": "select id, failed_rules from ({{ lookout.rejected_rows(ref('of_a_model'), where='true') }}) as r",
}


class Project(Observed):
    """A project whose sources are in the warehouse itself."""

    def declare_sources(self, *tables: dict[str, Any], **changed: Any) -> None:
        models = [{"name": "of_a_model", "config": rules(mode="strict"), "columns": [column("id", nullable=False)]}]
        source = {"name": "raw", "schema": "raw", "tables": [*tables]}
        content = {"version": 2, "sources": [source], "models": models}
        (self.root / "models" / "sources.yml").write_text(yaml.safe_dump(content, sort_keys=False))

    def write(self, name: str, text: str) -> Path:
        file = self.root / "models" / f"{name}.sql"
        file.write_text(text)
        return file

    def dbt(self, *arguments: str) -> Any:
        from dbt.cli.main import dbtRunner

        flags = ["--project-dir", str(self.root), "--profiles-dir", str(self.root), "--quiet"]
        return dbtRunner().invoke([*arguments, *flags])

    def build(self, *names: str) -> None:
        self.compile_contracts()
        result = self.dbt("run", "--select", *names)
        assert result.success, [r.message for r in result.result]

    def ask(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        return self.sql(statement, parameters, at="observed")


@pytest.fixture(scope="module")
def project(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(server, tmp_path_factory.mktemp("quarantine"))
    project.ask(CREATE)
    draw = random.Random(7)
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in CHOICES)
    # The first value of each column is good; mostly it is drawn.
    odd = {name: 1.0 if name in ("order_id", "line", "loaded_at") else 0.15 for name in CHOICES}
    rows = [
        [draw.choice([None, *values]) if draw.random() < odd[name] else values[0] for name, values in CHOICES.items()]
        for _ in range(500)
    ]
    places = ", ".join([f"({', '.join(['%s'] * len(CHOICES))})"] * len(rows))
    project.ask(f"insert into raw.orders ({columns}) values {places}", [value for row in rows for value in row])
    project.ask(f"insert into raw.orders ({columns}) select {columns} from raw.orders where order_id between 5 and 15")
    project.ask("create table raw.notes (id int, body text); insert into raw.notes values (1, 'x'), (2, null)")
    project.ask("create table raw.replayed (order_id int, total int, loaded_at timestamptz)")
    project.declare_sources(ORDERS, NOTES, REPLAYED)
    for name, text in MODELS.items():
        project.write(name, text)
    project.build("checked", "accepted", "rejected", "notes_accepted", "notes_rejected", "+of_a_model_rejected")
    return project


def test_the_macros_reject_what_the_guard_counts(project: Project) -> None:
    manifest = json.loads((project.root / "target" / "manifest.json").read_text())
    contracts = load_contracts(manifest, default_connection="observed")
    (check,) = check_contracts([c for c in contracts if c.table == "orders"], {"observed": project.warehouse})
    counted = {v.rule: v.failing_rows for v in check.violations if v.rule != "structure"}
    assert [v for v in check.violations if v.violation_type == "CONTRACT_NOT_EVALUATED"] == []
    found = dict(project.ask("select rule, count(*) from public.checked, unnest(failed_rules) as rule group by rule"))
    assert found == counted
    # Every kind of rule has something to find, so that an empty answer cannot agree with another one.
    kinds = {rule.kind for rule in check.contract.rules if rule.name in counted} | {r.split("(")[0] for r in counted}
    assert {
        "not_null",
        "unique",
        "accepted_values",
        "range",
        "length",
        "pattern",
        "precision",
        "expression",
        "type",
    } <= kinds
    assert len(counted) >= 30


def test_rows_are_accepted_or_rejected_and_never_both(project: Project) -> None:
    ids = {
        name: [i for (i,) in project.ask(f"select id from {name} order by id")]
        for name in ("raw.orders", "public.accepted", "public.rejected", "public.checked")
    }
    assert ids["public.accepted"]
    assert ids["public.rejected"]
    assert sorted(ids["public.accepted"] + ids["public.rejected"]) == ids["raw.orders"] == ids["public.checked"]
    columns = "select array_agg(column_name::text order by ordinal_position) from information_schema.columns where "
    (of_table,), (of_accepted,), (of_rejected,) = (
        project.ask(f"{columns} table_schema = '{schema}' and table_name = '{name}'")[0]
        for schema, name in (("raw", "orders"), ("public", "accepted"), ("public", "rejected"))
    )
    assert of_accepted == of_table
    assert of_rejected == [*of_table, "failed_rules", "rejected_at"]
    # Warnings reject nothing.
    rejecting = {rule for (rule,) in project.ask("select distinct unnest(failed_rules) from public.rejected")}
    checked = {rule for (rule,) in project.ask("select distinct unnest(failed_rules) from public.checked")}
    assert checked - rejecting == {"accepted_values(code)", "expression(length(note) < 3 -- it's short)"}


def test_of_the_rows_with_a_key_the_best_and_earliest_stays(project: Project) -> None:
    kept = project.ask(
        "select count(*), count(distinct (order_id, line)) from public.accepted where deleted is not true"
        " and order_id is not null and line is not null"
    )
    assert kept[0][0] == kept[0][1] > 0
    project.ask("truncate raw.replayed")
    project.ask(
        "insert into raw.replayed values (1, 99, '2025-01-01Z'), (1, 2, '2025-01-03Z'), (1, 3, '2025-01-02Z'),"
        " (2, 5, '2025-01-01Z'), (2, 5, '2025-01-01Z')"
    )
    project.build("stg_replayed_rejected")
    rejected = project.ask("select order_id, total, failed_rules from stg_replayed_rejected order by 1, 2")
    assert rejected == [
        (1, 2, ["unique(order_id)"]),
        (1, 99, ["range(total)", "unique(order_id)"]),
        (2, 5, ["unique(order_id)"]),
    ]


def test_case_o_c12_a_lenient_contract_lets_rows_pass_and_the_guard_records_them(project: Project) -> None:
    assert project.ask("select id from notes_accepted order by id") == [(1,), (2,)]
    assert project.ask("select id from notes_rejected") == []
    manifest = json.loads((project.root / "target" / "manifest.json").read_text())
    contracts = load_contracts(manifest, default_connection="observed")
    (check,) = check_contracts([c for c in contracts if c.table == "notes"], {"observed": project.warehouse})
    assert [(v.rule, v.failing_rows) for v in check.violations if v.failing_rows] == [("not_null(body)", 1)]


def test_the_contract_of_a_model(project: Project) -> None:
    assert project.ask("select id, failed_rules from of_a_model_rejected") == [(None, ["not_null(id)"])]


def test_mended_rows_and_loosened_rules_bring_rows_back(project: Project) -> None:
    def staged() -> list[tuple[Any, ...]]:
        return project.ask("select order_id, total from stg_replayed order by 1")

    def rejected() -> list[tuple[Any, ...]]:
        return project.ask("select order_id, total, failed_rules from stg_replayed_rejected order by 1")

    both = ("stg_replayed", "stg_replayed_rejected")
    project.ask("drop table if exists public.stg_replayed; truncate raw.replayed")
    project.ask("insert into raw.replayed values (1, 5, '2025-01-01Z'), (2, -5, '2025-01-01Z'), (3, 11, '2025-01-01Z')")
    project.build(*both)
    assert (staged(), rejected()) == ([(1, 5)], [(2, -5, ["range(total)"]), (3, 11, ["range(total)"])])

    # Mended at the source, with its old timestamp; another row comes and a staged one changes.
    project.ask("update raw.replayed set total = 6 where order_id = 2")
    project.ask("update raw.replayed set total = 7, loaded_at = '2025-01-02Z' where order_id = 1")
    project.ask("insert into raw.replayed values (4, 8, '2025-01-02Z')")
    project.build(*both)
    assert (staged(), rejected()) == ([(1, 7), (2, 6), (4, 8)], [(3, 11, ["range(total)"])])

    loosened = {**REPLAYED, "columns": [REPLAYED["columns"][0], column("total", min=0, max=20)]}
    project.declare_sources(ORDERS, NOTES, loosened)
    project.build(*both)
    assert (staged(), rejected()) == ([(1, 7), (2, 6), (3, 11), (4, 8)], [])
    project.declare_sources(ORDERS, NOTES, REPLAYED)


def test_what_cannot_be_held_to_a_contract_is_one_sentence(project: Project) -> None:
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "says_nothing": ({}, "no source or model with a contract has the table raw.says_nothing: set meta.lookout"),
        "says_no": ({"contract": False}, "no source or model with a contract has the table raw.says_no"),
        "misspelt": ({"contract": "strikt"}, "contract of raw.misspelt: mode is 'strikt'; use strict or lenient"),
        "inside": ({"contract": {"mode": "strict", "payload": "doc"}}, "raw.inside is about the fields inside doc"),
    }
    tables = [{"name": name, "config": {"meta": {"lookout": said}}} for name, (said, _) in wrong.items()]
    project.declare_sources(ORDERS, NOTES, REPLAYED, *tables)
    files = [project.write(n, "{{ lookout.accepted_rows(source('raw', '" + n + "')) }}") for n in wrong]
    try:
        results = project.dbt("run", "--select", *wrong).result
        messages = {result.node.name: " ".join(str(result.message).split()) for result in results}
        for name, (_, sentence) in wrong.items():
            assert sentence in messages[name]
    finally:
        for file in files:
            file.unlink()
        project.declare_sources(ORDERS, NOTES, REPLAYED)
