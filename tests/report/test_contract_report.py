"""The contract validation report: from frames alone, and once from the derived tables of a real schema."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lookout.database.connection import Connection
from lookout.database.store import Store
from lookout.report.data import ReportData
from lookout.report.markdown.render import render_contracts
from lookout.report.write import write_reports
from tests.conftest import DbtRunner

NOW = datetime(2025, 1, 31, 6, tzinfo=timezone.utc)


def contract(**values: Any) -> dict[str, Any]:
    row = {
        "connection": "shop",
        "asset": "public.orders",
        "name": "orders",
        "mode": "strict",
        "version": "1.2",
        "version_number": 3,
        "rule_count": 4,
        "owner": "sales",
        "layer": "batch",
        "looked_at": NOW,
        "structure_status": "passed",
        "values_status": "passed",
        "evaluated_at": NOW,
        "message": "",
        "total_rows": 3,
        "checked_rows": 3,
        "invalid_rows": 0,
        "description": "Orders of the shop.",
        "file_path": "models/sources.yml",
    }
    return {**row, **values}


def violation(**values: Any) -> dict[str, Any]:
    row = {
        "violation_key": "v",
        "contract": "orders",
        "connection": "shop",
        "asset": "public.orders",
        "column_name": "total_amount",
        "violation_type": "TYPE_MISMATCH",
        "rule": "type(total_amount)",
        "expected": "numeric",
        "actual": "text",
        "failing_rows": 2,
        "total_rows": 3,
        "severity": "critical",
        "example_keys": '["{\\"id\\": 1}"]',
        "found_by": "lookout",
        "owner": "sales",
        "layer": "batch",
        "first_seen_at": NOW - timedelta(days=1),
        "as_of": NOW,
    }
    return {**row, **values}


def told(contracts: list[dict[str, Any]], violations: list[dict[str, Any]] | None = None) -> str:
    frames = {"contracts": pd.DataFrame(contracts), "contract_violations": pd.DataFrame(violations or [])}
    return render_contracts(ReportData(NOW, NOW, frames))


def summary(text: str, name: str = "orders") -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_case_o_c11() -> None:
    text = told(
        [contract(values_status="violated", invalid_rows=2)],
        [violation(), violation(column_name="order_key", rule="type(order_key)", failing_rows=1)],
    )
    assert "**1 contract, 1 evaluated, 1 violated, 0 not evaluated.**" in text
    assert summary(text) == [
        "orders",
        "`shop public.orders`",
        "strict",
        "1.2",
        "**VIOLATIONS DETECTED**",
        "3 of 3",
        "3",
        "2025-01-31 06:00",
        "sales",
    ]
    for line in (
        "## orders on `shop public.orders`",
        "- Status: **VIOLATIONS DETECTED**",
        "- Contract: orders, strict, version 1.2, declared in `models/sources.yml`, owner sales",
        "- Records Validated: 3 of 3, 2 of them invalid",
        "- Total Violations: 3 (2 broken promises, 2 critical)",
        "  - TYPE_MISMATCH: 3",
        '| **critical** | `total_amount` | TYPE_MISMATCH | numeric | text | 2 of 3 | `{"id": 1}` | 2025-01-30 06:00 |'
        " `type(total_amount)` |",
    ):
        assert line in text.splitlines()
    assert text.count("- TYPE_MISMATCH: mend the writer of these rows") == 1
    # The logic names every type; only what is broken gets a recommendation.
    assert text.count("NULLABILITY_VIOLATION") == 1


def test_the_first_five_critical_violations_and_warnings_are_shown() -> None:
    many = [violation(column_name=f"c{n:02}", rule=f"not_null(c{n:02})") for n in range(7)]
    many += [violation(column_name="w", violation_type="UNEXPECTED_FIELD", severity="warning", failing_rows=None)]
    text = told([contract(structure_status="violated", values_status="violated")], list(reversed(many)))
    assert [line.split("|")[2].strip() for line in text.splitlines() if line.startswith("| **critical**")] == [
        f"`c{n:02}`" for n in range(5)
    ]
    assert "| warning | `w` | UNEXPECTED_FIELD | numeric | text | – |" in text
    assert "2 more are in the table `contract_violations`." in text
    assert "- Total Violations: 15 (8 broken promises, 7 critical)" in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"structure_status": "not_evaluated", "message": "shop refused: start it."}, "shop refused: start it."),
        ({"values_status": "not_evaluated", "message": "timeout"}, "timeout"),
        ({"values_status": "not_evaluated", "checked_rows": None, "total_rows": None}, "could not evaluate it"),
        ({"total_rows": 0, "checked_rows": 0}, "The table holds no rows"),
        ({"looked_at": None, "structure_status": "not_evaluated", "message": "not checked yet: run it"}, "not checked"),
    ],
)
def test_what_was_not_evaluated_has_not_passed(changed: dict[str, Any], said: str) -> None:
    text = told([contract(**changed)])
    assert summary(text)[4] == "**NOT EVALUATED**"
    assert "- Status: **NOT EVALUATED**" in text
    assert any(line.startswith("- **NOT EVALUATED**: ") and said in line for line in text.splitlines())
    assert "PASSED" not in text
    assert "1 contract, 0 evaluated, 0 violated, 1 not evaluated" in text


def test_a_rule_that_could_not_be_evaluated_is_no_violation() -> None:
    blind = violation(violation_type="CONTRACT_NOT_EVALUATED", actual="no such column: x", failing_rows=None)
    text = told([contract()], [blind])
    assert summary(text)[4:7] == ["**NOT EVALUATED**", "3 of 3", "0"]
    assert "- **NOT EVALUATED**: type(total_amount): no such column: x" in text
    both = told([contract(values_status="violated")], [blind, violation()])
    assert summary(both)[4] == "**VIOLATIONS DETECTED**"
    assert "- **NOT EVALUATED**: type(total_amount): no such column: x" in both


def test_a_contract_that_holds() -> None:
    text = told(
        [
            contract(),
            contract(
                name="notes", asset="public.notes", values_status="none", checked_rows=None, total_rows=None, version=""
            ),
        ]
    )
    assert summary(text)[4:7] == ["PASSED", "3 of 3", "0"]
    assert summary(text, "notes")[3:6] == ["#3", "PASSED", "–"]
    assert "structure passed, rows nothing promised" in text
    assert "What to do" not in text


def test_a_sample_says_so() -> None:
    assert "- Records Validated: 100 of 150 (sampled, or only new rows)" in told(
        [contract(checked_rows=100, total_rows=150)]
    )


def test_the_worst_stands_first() -> None:
    names = [
        line.split("|")[1].strip()
        for line in told(
            [
                contract(name="a", asset="p.a"),
                contract(name="b", asset="p.b", values_status="not_evaluated"),
                contract(name="c", asset="p.c", values_status="violated"),
                contract(name="d", asset="p.d", values_status="violated"),
            ],
            [violation(asset="p.c", severity="warning"), violation(asset="p.d")],
        ).splitlines()
        if "`shop p." in line and line.startswith("| ")
    ]
    assert names == ["d", "c", "b", "a"]


def test_no_contract_says_how_to_declare_the_first() -> None:
    text = told([])
    assert "**NOT EVALUATED.** No table has a contract yet" in text
    assert "contract: strict" in text
    assert "lookout contracts" in text
    assert "PASSED" not in text
    missing = render_contracts(ReportData(NOW, NOW, missing=("contracts",)))
    assert "**NOT EVALUATED.** The monitoring schema lacks `contracts`: run `lookout run` first." in missing


def test_markup_in_names_stays_text() -> None:
    text = told([contract(values_status="violated")], [violation(actual="a|b <i>", example_keys='["x|`y"]')])
    row = next(line for line in text.splitlines() if line.startswith("| **critical** |"))
    assert r"a\|b &lt;i&gt;" in row
    assert r"`x\|'y`" in row


ROWS = """
insert into {schema}.contracts (connection, asset, name, node_id, mode, version, version_number, rule_count, owner,
    layer, description, file_path, is_active) values
    ('shop', 'public.orders', 'orders', 'source.x.shop.orders', 'strict', '1.0', 1, 2, 'sales', 'batch', '', 'm.yml', true),
    ('shop', 'public.gone', 'gone', 'source.x.shop.gone', 'strict', '1.0', 1, 2, 'sales', 'batch', '', 'm.yml', false),
    ('shop', 'public.fresh', 'fresh', 'source.x.shop.fresh', 'lenient', '', 1, 2, '', 'batch', '', 'm.yml', true);
insert into {schema}.contract_checks (connection, asset, as_of, structure_status, values_status, violation_count,
    critical_count, total_rows, checked_rows, invalid_rows, message) values
    ('shop', 'public.orders', '2025-01-30 06:00Z', 'passed', 'violated', 1, 1, 9, 9, 3, ''),
    ('shop', 'public.orders', '2025-01-31 06:00Z', 'passed', 'violated', 1, 1, 10, 10, 4, '');
insert into {schema}.contract_findings (violation_key, as_of, connection, asset, column_name, violation_type, rule,
    expected, actual, failing_rows, total_rows, severity, example_keys) values
    ('v', '2025-01-30 06:00Z', 'shop', 'public.orders', 'id', 'NULLABILITY_VIOLATION', 'not_null(id)', 'not null',
     'null', 3, 9, 'critical', '[]'),
    ('v', '2025-01-31 06:00Z', 'shop', 'public.orders', 'id', 'NULLABILITY_VIOLATION', 'not_null(id)', 'not null',
     'null', 4, 10, 'critical', '[]');
insert into {schema}.alerts (alert_key, alert_type, severity, status, connection, asset, column_name, metric,
    window_start, description, first_seen_at, last_seen_at, resolved_at) values
    ('a', 'VOLUME_ANOMALY', 'critical', 'resolved', 'shop', 'public.orders', '', 'row_count', '2025-01-29Z', 'few rows',
     '2025-01-29Z', '2025-01-30Z', '2025-01-30Z');
insert into {schema}.alert_states (alert_key, is_found, is_open)
    select alert_key, false, status = 'open' from {schema}.alerts;
insert into {schema}.alert_feedback (feedback_number, alert_key, verdict, note, given_by, given_at) values
    (1, 'a', 'fixed', 'an old answer', 'bob', '2025-01-30Z'), (2, 'a', 'expected', 'stocktaking', 'ann', '2025-01-31Z');
"""


def test_the_report_is_written_from_the_derived_tables(
    warehouse: Connection,
    dbt: DbtRunner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sql_rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    monkeypatch.setenv("LOOKOUT_AS_OF", NOW.isoformat())
    assert dbt(["run", "--select", "monitoring"]).success
    with Store(warehouse) as store:
        store.execute(ROWS)
        assert dbt(["run", "--select", "contract_status", "contract_violations"]).success
        paths = {path.name: path for path in write_reports(store, tmp_path, as_of=NOW)}
    text = paths["contract_validation_report.md"].read_text()
    assert summary(text)[4:7] == ["**VIOLATIONS DETECTED**", "10 of 10", "4"]
    assert "| **critical** | `id` | NULLABILITY_VIOLATION | not null | null | 4 of 10 | – | 2025-01-30 06:00 |" in text
    assert summary(text, "fresh")[4] == "**NOT EVALUATED**"
    assert "| gone |" not in text
    answers = paths["detection_summary.md"].read_text().split("## What people answered")[1]
    assert (
        "| expected | stocktaking | ann | 2025-01-31 00:00 | VOLUME_ANOMALY | `shop public.orders` row_count |"
        in answers
    )
    assert "an old answer" not in answers
    assert sql_rows(warehouse, "select count(*) from monitoring.contract_violations") == [(1,)]
