"""Contracts end to end: what a run finds, holds back, alerts about and remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import MONITORING, Observed, Said

COLUMNS: list[dict[str, Any]] = [
    {"name": "order_id", "data_type": "integer", "constraints": [{"type": "not_null"}]},
    {"name": "total", "data_type": "numeric", "config": {"meta": {"lookout": {"contract": {"min": 0}}}}},
    {
        "name": "state",
        "data_type": "text",
        "config": {"meta": {"lookout": {"contract": {"accepted_values": ["new", "paid"]}}}},
    },
]
ORDERS = """
drop schema if exists landing cascade;
create schema landing;
create table landing.orders (order_id integer not null, total numeric, state text);
insert into landing.orders values (1, 10, 'new'), (2, 20, 'paid');
create table landing.other (id integer);
insert into landing.other values (1);
"""


class Shop:
    """The observed project with a source `landing.orders` in the warehouse, and models that read it."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        self.sql(ORDERS)
        self.models = observed.root / "models"

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        return self.observed.sql(statement, at="observed")

    def declare(self, contract: Any, columns: list[dict[str, Any]] | None = None, **table: Any) -> None:
        orders = {
            "name": "orders",
            "columns": COLUMNS if columns is None else columns,
            "config": {"meta": {"lookout": {"contract": contract, "owner": "sales"}}},
            **table,
        }
        content = {
            "version": 2,
            "sources": [{"name": "landing", "schema": "landing", "tables": [orders, {"name": "other"}]}],
        }
        (self.models / "sources.yml").write_text(yaml.safe_dump(content, sort_keys=False))

    def model(self, name: str, text: str, settings: dict[str, Any] | None = None) -> None:
        (self.models / f"{name}.sql").write_text(text)
        if settings:
            (self.models / f"{name}.yml").write_text(
                yaml.safe_dump({"version": 2, "models": [{"name": name, **settings}]})
            )

    def violations(self) -> list[tuple[Any, ...]]:
        return self.sql(
            f"select column_name, violation_type, severity, found_by from {MONITORING}.contract_violations order by 1, 2"
        )

    def alerts(self) -> list[tuple[Any, ...]]:
        return self.sql(f"select alert_type, column_name, status from {MONITORING}.alerts order by 1, 2")


@pytest.fixture
def shop(observed: Observed) -> Iterator[Shop]:
    made = Shop(observed)
    yield made
    for file in made.models.iterdir():
        if file.name != "sources.yml":
            file.unlink()


def test_a_table_that_keeps_its_contract(shop: Shop) -> None:
    shop.declare("strict")
    summary = shop.observed.run("2026-01-02")
    assert (summary.exit_code, summary.problems) == (0, ())
    assert shop.violations() == []
    assert shop.sql(
        f"select structure_status, values_status, total_rows, invalid_rows from {MONITORING}.contract_checks"
    ) == [("passed", "passed", 2, 0)]
    assert shop.sql(f"select score, status from {MONITORING}.scorecard where name = 'Contract compliance'") == [
        (100.0, "Compliant")
    ]


def test_a_strict_contract_stops_bad_data_at_the_door_and_lets_it_in_again(shop: Shop) -> None:
    """O-C8 and O-C12: what reads the broken source is not built, the rest is; after the fix everything is."""
    shop.declare("strict")
    shop.model("stg_orders", "{{ config(materialized='table') }} select * from {{ source('landing', 'orders') }}")
    shop.model("fct_orders", "{{ config(materialized='table') }} select count(*) as n from {{ ref('stg_orders') }}")
    shop.model("stg_other", "{{ config(materialized='table') }} select * from {{ source('landing', 'other') }}")
    assert shop.observed.run("2026-01-02").exit_code == 0
    shop.sql(
        "alter table landing.orders drop column total, add column foo text, alter order_id type text; "
        "insert into landing.other values (2)"
    )
    summary = shop.observed.run("2026-01-03")
    assert summary.exit_code == 1
    assert set(summary.blocked.models) == {"stg_orders", "fct_orders"}
    assert shop.violations() == [
        ("foo", "UNEXPECTED_FIELD", "critical", "lookout"),
        ("order_id", "TYPE_CHANGED", "critical", "lookout"),
        ("total", "MISSING_REQUIRED_FIELD", "critical", "lookout"),
    ]
    assert shop.sql("select (select n from public.fct_orders), (select count(*) from public.stg_other)") == [(2, 2)]
    assert {(kind, status) for kind, _, status in shop.alerts()} == {("CONTRACT_VIOLATION", "open")}
    shop.sql(ORDERS)
    shop.sql("insert into landing.orders values (3, 1, 'new')")
    assert shop.observed.run("2026-01-04").exit_code == 0
    assert shop.violations() == []
    assert {status for _, _, status in shop.alerts()} == {"resolved"}
    assert shop.sql("select n from public.fct_orders") == [(3,)]
    changes = shop.sql(
        f"select version_number, column_name, change_type from {MONITORING}.schema_changes where subject = 'table' order by 1, 2"
    )
    assert changes == [
        (1, "", "created"),
        (2, "foo", "column_added"),
        (2, "order_id", "nullability_changed"),
        (2, "order_id", "type_changed"),
        (2, "total", "column_removed"),
        (3, "foo", "column_removed"),
        (3, "order_id", "nullability_changed"),
        (3, "order_id", "type_changed"),
        (3, "total", "column_added"),
    ] or [change for change in changes if change[2] != "nullability_changed"] == [
        (1, "", "created"),
        (2, "foo", "column_added"),
        (2, "order_id", "type_changed"),
        (2, "total", "column_removed"),
        (3, "foo", "column_removed"),
        (3, "order_id", "type_changed"),
        (3, "total", "column_added"),
    ]


def test_what_sorts_bad_rows_out_is_built(shop: Shop) -> None:
    """O-C12: bad rows go to quarantine, none reaches the clean relation, and what reads the source directly waits."""
    shop.declare("strict")
    rows = "{{{{ lookout.{}_rows(source('landing', 'orders')) }}}}"
    shop.model("stg_orders", "{{ config(materialized='table') }} " + rows.format("accepted"))
    shop.model("stg_orders_rejected", "{{ config(materialized='table') }} " + rows.format("rejected"))
    shop.model("raw_copy", "{{ config(materialized='table') }} select * from {{ source('landing', 'orders') }}")
    shop.observed.compile_contracts()
    shop.sql("insert into landing.orders values (3, -5, 'new')")
    summary = shop.observed.run("2026-01-02")
    assert (summary.exit_code, summary.blocked.models) == (1, ("raw_copy",))
    assert shop.sql("select order_id from public.stg_orders order by 1") == [(1,), (2,)]
    assert shop.sql("select order_id, failed_rules from public.stg_orders_rejected") == [(3, ["range(total)"])]
    assert shop.sql("select to_regclass('public.raw_copy')") == [(None,)]


def test_a_lenient_contract_records_and_does_not_stop(shop: Shop) -> None:
    shop.declare("lenient")
    shop.model("stg_orders", "{{ config(materialized='table') }} select * from {{ source('landing', 'orders') }}")
    shop.sql("insert into landing.orders values (3, -5, 'lost')")
    summary = shop.observed.run("2026-01-02")
    assert (summary.exit_code, summary.blocked.models) == (0, ())
    assert shop.sql("select count(*) from public.stg_orders") == [(3,)]
    assert shop.violations() == [
        ("state", "CONSTRAINT_VIOLATION", "warning", "lookout"),
        ("total", "CONSTRAINT_VIOLATION", "warning", "lookout"),
    ]
    told = shop.sql(f"select concat_ws(' ', expected, actual, example_keys) from {MONITORING}.contract_violations")
    assert not any("lost" in text or "-5" in text for (text,) in told)


def test_an_empty_table_is_not_evaluated_and_wakes_nobody(shop: Shop) -> None:
    shop.declare("strict")
    shop.sql("truncate landing.orders")
    summary = shop.observed.run("2026-01-02")
    assert (summary.exit_code, summary.problems) == (0, ())
    assert shop.alerts() == []
    assert shop.sql(f"select values_status from {MONITORING}.contract_status") == [("not_evaluated",)]
    assert shop.sql(f"select status from {MONITORING}.scorecard where name = 'Contract compliance'") == [
        ("not evaluated",)
    ]


def test_records_of_the_chaos_contract(shop: Shop) -> None:
    """O-C10, O-S4: three records in a document column, three broken promises in two of them."""
    shop.sql(
        "create table landing.events (record jsonb); insert into landing.events values "
        """('{"order_key": "A1", "total_amount": 10.0}'), ('{"order_key": "A2", "total_amount": "ONE HUNDRED"}'), """
        """('{"order_key": 12345, "total_amount": "TWO"}')"""
    )
    fields = [{"name": "order_key", "data_type": "string"}, {"name": "total_amount", "data_type": "float"}]
    shop.declare({"mode": "strict", "payload": "record"}, fields, identifier="events")
    assert shop.observed.run("2026-01-02").exit_code == 1
    assert shop.sql(
        f"select column_name, violation_type, failing_rows, total_rows, severity from {MONITORING}.contract_violations order by 1"
    ) == [("order_key", "TYPE_MISMATCH", 1, 3, "critical"), ("total_amount", "TYPE_MISMATCH", 2, 3, "critical")]
    assert shop.sql(f"select total_rows, invalid_rows from {MONITORING}.contract_checks") == [(3, 2)]
    report = (shop.observed.root / "reports" / "contract_validation_report.md").read_text()
    assert "VIOLATIONS DETECTED" in report
    assert "TYPE_MISMATCH" in report


def test_dbt_tests_and_broken_builds_are_violations_too(shop: Shop) -> None:
    """A failing dbt test of a table under contract is one alert, and a model that breaks its own contract is one."""
    columns = [
        {**COLUMNS[0], "data_tests": [{"accepted_values": {"arguments": {"values": [1], "quote": False}}}]},
        *COLUMNS[1:],
    ]
    shop.declare({"tests": False}, columns)
    shop.model(
        "fct_orders",
        "select id, 'x'::text as total, 1 as extra from {{ source('landing', 'other') }}",
        {
            "config": {"contract": {"enforced": True}},
            "columns": [{"name": "id", "data_type": "integer"}, {"name": "total", "data_type": "numeric"}],
        },
    )
    summary = shop.observed.run("2026-01-02")
    assert summary.exit_code == 2
    assert shop.violations() == [
        ("extra", "UNEXPECTED_FIELD", "critical", "dbt build"),
        ("order_id", "CONSTRAINT_VIOLATION", "critical", "dbt test"),
        ("total", "TYPE_CHANGED", "critical", "dbt build"),
    ]
    kinds = [kind for kind, _, status in shop.alerts() if status == "open"]
    assert kinds.count("TEST_FAILURE") == 1
    assert kinds.count("CONTRACT_VIOLATION") == 2


def test_the_guard_and_dbt_do_not_tell_the_same_twice(shop: Shop) -> None:
    columns = [
        {**COLUMNS[0], "data_tests": [{"accepted_values": {"arguments": {"values": [1], "quote": False}}}]},
        *COLUMNS[1:],
    ]
    shop.declare("lenient", columns)
    shop.observed.run("2026-01-02")
    assert [found_by for *_, found_by in shop.violations()] == ["lookout"]
    assert [kind for kind, _, _ in shop.alerts()] == ["CONTRACT_VIOLATION"]


def test_what_cannot_be_looked_at_is_not_called_sound(observed: Observed) -> None:
    """One alert for a database that is down, exit code 2, and what was broken before stays broken."""
    observed.sql("create table orders (order_id integer, total text); insert into orders values (1, '1')")
    table = {
        "name": "orders",
        "columns": [{"name": "order_id", "data_type": "integer"}, {"name": "gone", "data_type": "text"}],
        "config": {"meta": {"lookout": {"connection": "shop", "contract": "strict"}}},
    }
    content = {"version": 2, "sources": [{"name": "shop", "schema": "public", "tables": [table]}]}
    (observed.root / "models" / "sources.yml").write_text(yaml.safe_dump(content))
    assert observed.run("2026-01-02").exit_code == 1
    profile = observed.root / "profiles.yml"
    whole = profile.read_text()
    broken = yaml.safe_load(whole)
    broken["observed"]["outputs"]["shop"]["port"] = 1
    profile.write_text(yaml.safe_dump(broken))
    summary = observed.run("2026-01-03")
    assert summary.exit_code == 2
    found = observed.sql(
        f"select column_name, violation_type from {MONITORING}.contract_violations order by 1", at="observed"
    )
    assert ("gone", "MISSING_REQUIRED_FIELD") in found
    assert ("", "CONTRACT_NOT_EVALUATED") in found
    opened = observed.sql(
        f"select alert_type, count(*) from {MONITORING}.alerts where status = 'open' group by 1", at="observed"
    )
    assert dict(opened)["SOURCE_UNREACHABLE"] == 1
    profile.write_text(whole)
    assert observed.run("2026-01-04").exit_code == 1
    opened = observed.sql(f"select alert_type from {MONITORING}.alerts where status = 'open'", at="observed")
    assert set(opened) == {("CONTRACT_VIOLATION",)}


def test_a_changed_contract_is_history(shop: Shop, lookout: Callable[..., Said]) -> None:
    """O-X10: what changed, old, new, when; and an unchanged project writes nothing."""
    shop.declare("lenient")
    shop.observed.run("2026-01-02")
    shop.observed.run("2026-01-03")
    assert shop.sql(f"select max(version_number) from {MONITORING}.schema_versions") == [(1,)]
    shop.declare("strict")
    shop.observed.run("2026-01-04")
    said = lookout("contracts", "history", "landing.orders", cwd=shop.observed.root)
    assert said.code == 0
    assert "lenient" in said.out
    assert "strict" in said.out
    assert "2026-01-04" in said.out
    unknown = lookout("contracts", "history", "landing.order", cwd=shop.observed.root)
    assert (unknown.code, unknown.out) == (2, "")
    assert "did you mean 'landing.orders'" in unknown.err


def test_the_command_says_what_is_broken(shop: Shop, lookout: Callable[..., Said], tmp_path: Path) -> None:
    shop.declare("strict")
    shop.sql("insert into landing.orders values (3, -5, 'new')")
    said = lookout("contracts", "--as-of", "2026-01-02", "--reports", str(tmp_path), cwd=shop.observed.root)
    assert said.code == 1
    assert "CONSTRAINT_VIOLATION" in said.out
    assert "0 of 1 contracts hold" in said.out
    said = lookout("contracts", "--structure", "--as-of", "2026-01-03", "--quiet", cwd=shop.observed.root)
    assert (said.code, "1 of 1 contracts hold" in said.out) == (0, True)
    # A look at the structure does not clear what is wrong with the rows.
    assert [kind for _, kind, _, _ in shop.violations()] == ["CONSTRAINT_VIOLATION"]
    shop.sql("truncate landing.orders")
    said = lookout("contracts", "--as-of", "2026-01-04", "--quiet", cwd=shop.observed.root)
    assert (said.code, "not evaluated" in said.out) == (2, True)


def test_a_landing_table_of_an_older_version_gets_its_new_columns(shop: Shop) -> None:
    shop.declare("lenient")
    shop.sql(
        f"alter table {MONITORING}.contract_checks drop column invalid_rows cascade; drop table {MONITORING}.schema_changes cascade"
    )
    shop.observed.run("2026-01-02")
    assert shop.sql(f"select invalid_rows from {MONITORING}.contract_checks") == [(0,)]
    assert shop.sql(f"select count(*) from {MONITORING}.schema_changes") == [(2,)]
