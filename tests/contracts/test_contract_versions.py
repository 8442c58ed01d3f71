"""Versions of contracts and tables: what counts as a change, how it is named, and that nothing else makes one."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from lookout.contracts.changes.history_text import history_text
from lookout.contracts.changes.versions import (
    Change,
    changes,
    contract_definition,
    definition_hash,
    definition_text,
    table_definition,
)
from lookout.contracts.spec.model import ColumnContract, Contract, ObservedColumn, ObservedTable, Rule, Sampling
from tests.conftest import ROOT

STATUS = Rule("accepted_values", ("status",), "test.shop.accepted_values_status.0a1b2c", {"values": ["open", "paid"]})
TOTAL = Rule("range", ("total",), "range total", {"min": 0, "max": None}, severity="warning")
COVERS = Rule("expression", (), "total_covers_tax", {"sql": "total >= tax"})


def contract(**more: Any) -> Contract:
    given: dict[str, Any] = {
        "columns": (
            ColumnContract("order_id", "bigint", is_nullable=False),
            ColumnContract("status", "text"),
            ColumnContract("total", "numeric(12,2)"),
        ),
        "keys": (("order_id",),),
        "rules": (STATUS, TOTAL, COVERS),
        "owner": "sales",
        "version": "1.0",
    }
    return Contract("shop.orders", "shop", "public", "orders", "source.shop.shop.orders", **{**given, **more})


def between(**more: Any) -> list[tuple[str, ...]]:
    found = changes("contract", contract_definition(contract()), contract_definition(contract(**more)))
    return [dataclasses.astuple(change) for change in found]


def observed(*columns: tuple[str, str, bool], kind: str | None = "r", keys: Any = ()) -> ObservedTable:
    return ObservedTable(
        kind=kind,
        columns=tuple(ObservedColumn(name, type_, type_, nullable) for name, type_, nullable in columns),
        unique_keys=frozenset(frozenset(key) for key in keys),
    )


def test_a_definition_survives_json_and_order_does_not_count() -> None:
    one = contract_definition(contract())
    assert json.loads(definition_text(one)) == one
    shuffled = contract(
        columns=tuple(reversed(contract().columns)),
        rules=(COVERS, STATUS, TOTAL),
        description="Other words.",
        file="elsewhere.yml",
        layer="batch",
    )
    assert definition_hash(contract_definition(shuffled)) == definition_hash(one)
    turned = dataclasses.replace(STATUS, arguments={"values": ["paid", "open"]}, name="test.shop.renamed.ffff")
    same = contract(rules=(turned, dataclasses.replace(TOTAL, arguments={"max": None, "min": 0.0}), COVERS))
    assert definition_hash(contract_definition(same)) == definition_hash(one)


def test_the_hash_is_the_same_in_every_process() -> None:
    code = (
        "from tests.contracts.test_contract_versions import contract;"
        "from lookout.contracts.changes.versions import *;"
        "print(definition_hash(contract_definition(contract())))"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "python_checks")])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert told == [definition_hash(contract_definition(contract()))] * 2


def test_arguments_that_json_does_not_know() -> None:
    odd = Rule("range", ("day",), "range day", {"min": date(2020, 1, 1), "max": Decimal("1.50"), "more": {2, 1}})
    nan = Rule("range", ("total",), "range total", {"min": float("nan")})
    definition = contract_definition(contract(rules=(odd, nan)))
    assert json.loads(definition_text(definition)) == definition
    assert {"max": "1.50", "min": "2020-01-01", "more": [1, 2]} in [rule["arguments"] for rule in definition["rules"]]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"columns": contract().columns[:2]}, [("total", "column_removed", "", "numeric(12,2)", "")]),
        (
            {"columns": (*contract().columns, ColumnContract("tax", "numeric", is_nullable=False))},
            [("tax", "column_added", "", "", "numeric not null")],
        ),
        (
            {"columns": (ColumnContract("order_id", "integer"), *contract().columns[1:])},
            [
                ("order_id", "type_changed", "", "bigint", "integer"),
                ("order_id", "nullability_changed", "", "not null", "nullable"),
            ],
        ),
        (
            {"columns": (ColumnContract("order_id", "bigint", False, False), *contract().columns[1:])},
            [("order_id", "setting_changed", "required", "true", "false")],
        ),
        (
            {"keys": (("status", "order_id"),)},
            [
                ("order_id", "key_removed", "order_id", "order_id", ""),
                ("", "key_added", "order_id, status", "", "order_id, status"),
            ],
        ),
        ({"rules": (STATUS, TOTAL)}, [("", "rule_removed", "total_covers_tax", "sql total >= tax, critical", "")]),
        (
            {"rules": (dataclasses.replace(STATUS, arguments={"values": ["open"]}, name="test.other"), TOTAL, COVERS)},
            [
                (
                    "status",
                    "rule_changed",
                    "accepted_values status",
                    "values open, paid, critical",
                    "values open, critical",
                )
            ],
        ),
        (
            {"rules": (STATUS, TOTAL, COVERS, Rule("length", ("status",), "l", {"max": 9}, where="total > 1"))},
            [("status", "rule_added", "length status", "", "max 9, critical, where total > 1")],
        ),
        ({"mode": "strict"}, [("", "setting_changed", "mode", "lenient", "strict")]),
        ({"owner": "finance"}, [("", "setting_changed", "owner", "sales", "finance")]),
        ({"sampling": Sampling(100)}, [("", "setting_changed", "sample", "", "latest 100 rows")]),
        ({"row_filter": "total > 0"}, [("", "setting_changed", "filter", "", "total > 0")]),
    ],
)
def test_every_change_has_its_name(change: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    found = between(**change)
    assert sorted(found) == sorted(expected)
    assert (
        definition_hash(contract_definition(contract(**change))) != definition_hash(contract_definition(contract()))
    ) == bool(expected)


def test_two_rules_of_one_kind_on_one_column_pair_with_their_own() -> None:
    first, second = (Rule("range", ("total",), name, {"min": n}, where=name) for name, n in (("a", 1), ("b", 2)))
    moved = dataclasses.replace(second, arguments={"min": 3})
    found = changes(
        "contract",
        contract_definition(contract(rules=(first, second))),
        contract_definition(contract(rules=(moved, first))),
    )
    assert found == (
        Change("total", "rule_changed", "range total", "min 2, critical, where b", "min 3, critical, where b"),
    )


def test_a_table_that_comes_changes_and_goes() -> None:
    gone = table_definition(observed(kind=None))
    old = table_definition(observed(("id", "integer", False), ("note", "text", True), keys=[["id"]]))
    new = table_definition(observed(("note", "character varying(20)", True), ("id", "integer", False), kind="v"))
    assert changes("table", None, old) == (Change("", "created", new_value="2 columns, 1 key"),)
    assert changes("table", gone, old) == changes("table", None, old)
    assert changes("table", old, gone) == (Change("", "removed", old_value="2 columns, 1 key"),)
    assert changes("table", old, json.loads(definition_text(old))) == ()
    assert changes("table", gone, None) == ()
    assert changes("table", old, new) == (
        Change("note", "type_changed", "", "text", "character varying(20)"),
        Change("id", "key_removed", "id", "id", ""),
        Change("", "setting_changed", "kind", "table", "view"),
    )


def test_history_is_newest_first_and_shows_brackets() -> None:
    rows = [
        ("2026-03-01T06:00Z", "contract", 1, "", "created", "", None, "3 columns, 1 key, 3 rules"),
        ("2026-03-04T06:30Z", "table", 4, "tags", "type_changed", "", "text", "text[]"),
    ]
    names = ["seen_at", "subject", "version_number", "column_name", "change_type", "detail", "old_value", "new_value"]
    frame = pd.DataFrame(rows, columns=names).assign(seen_at=lambda found: pd.to_datetime(found["seen_at"]))
    lines = history_text(frame).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["2026-03-04", "2026-03-01"]
    assert lines[1].split() == ["2026-03-04", "06:30", "table", "4", "tags:", "type", "text", "text[]"]
    assert lines[2].split("created")[1].split(maxsplit=1) == ["-", "3 columns, 1 key, 3 rules"]
    assert history_text(frame.iloc[:0]) == "No changes."
