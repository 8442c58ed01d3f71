"""The second, small statement for tables with broken rules: keys of failing rows, types of values, samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg2 import sql

from lookout.contracts.checks.values.implied import Check
from lookout.contracts.checks.values.plan import ValuePlan, ValueResult, relationship_rows, unique_rows
from lookout.contracts.checks.values.rows import Rows, rows_of
from lookout.contracts.checks.values.wording import actual
from lookout.contracts.spec.model import Contract, ObservedTable, Violation

MAX_EXAMPLES = 5
# Failing rows that are read for distinct values, and characters shown of a value.
MAX_SCANNED_ROWS = 1000
MAX_VALUE_LENGTH = 100
# A statement has at most 1,664 columns, and each broken rule takes three of them.
MAX_CHECKS = 300
NO_COLUMN = sql.SQL("null::text[]")


@dataclass(frozen=True)
class ExamplePlan:
    """The statement and its broken checks, in the order of its columns: keys, kinds and samples of each check."""

    query: sql.Composable
    checks: tuple[Check, ...]


def plan_examples(plan: ValuePlan, result: ValueResult, *, since: datetime | None = None) -> ExamplePlan | None:
    """Build the statement for the checks that failed; None when the contract allows no example of any of them.

    Keys are those of ``example_columns``, without the columns whose values break the rule, unless the contract includes
    sample data. For a random sample, examples come from all rows.
    """
    failing = [check for check, count in zip(plan.checks, result.failing, strict=True) if count]
    rows = rows_of(plan.contract, plan.observed, plan.checks, since=since, is_repeatable=True)
    shown: list[tuple[Check, list[sql.Composable]]] = []
    for check in failing[:MAX_CHECKS]:
        columns = [_keys(check, plan, rows), _kinds(check, rows), _samples(check, plan.contract, rows)]
        if any(column is not NO_COLUMN for column in columns):
            shown.append((check, columns))
    if not shown:
        return None
    selected = sql.SQL(",\n    ").join([column for _, columns in shown for column in columns])
    query = sql.SQL("{}select\n    {}").format(rows.preamble, selected)
    return ExamplePlan(query, tuple(check for check, _ in shown))


def with_examples(
    result: ValueResult, plan: ExamplePlan, row: Sequence[Any], contract: Contract
) -> tuple[Violation, ...]:
    """Return the violations of a result with the examples that the statement found."""
    found = {}
    for position, check in enumerate(plan.checks):
        found[check.rule.name, check.column_name, check.violation_type] = row[3 * position : 3 * position + 3]
    faults = {check.rule.name: check.fault for check in plan.checks}
    violations = []
    for violation in result.violations:
        is_field = violation.violation_type == "UNEXPECTED_FIELD"
        key = (violation.rule, "" if is_field else violation.column_name, violation.violation_type)
        if key in found and violation.failing_rows is not None:
            keys, kinds, samples = found[key]
            fault = ", ".join(kinds) if kinds else faults[violation.rule]
            actual_text = actual(fault, violation.failing_rows, violation.total_rows or 0, samples or ())
            violation = replace(violation, actual=actual_text, example_keys=() if is_field else tuple(keys or ()))
        violations.append(violation)
    return tuple(violations)


def _keys(check: Check, plan: ValuePlan, rows: Rows) -> sql.Composable:
    if check.scope == "unique":
        return NO_COLUMN
    names = _key_names(check, plan.contract, plan.observed)
    if not names:
        return NO_COLUMN
    texts = {column.name for column in plan.observed.columns if column.category == "S"}
    parts = []
    for name in names:
        value: sql.Composable = sql.Identifier(name)
        if name in texts:
            value = sql.SQL("left({}, {})").format(value, sql.Literal(MAX_VALUE_LENGTH))
        parts.append(sql.SQL("{}, {}").format(sql.Literal(name), value))
    return sql.SQL("array(select jsonb_build_object({})::text {} limit {})").format(
        sql.SQL(", ").join(parts), _failing_rows(check, rows), sql.Literal(MAX_EXAMPLES)
    )


def _key_names(check: Check, contract: Contract, observed: ObservedTable) -> list[str]:
    """Return the columns that identify a row and may be shown; values that break a rule are data and may not."""
    readable = {column.name for column in observed.columns if column.is_readable}
    names = [name for name in contract.example_columns or () if name in readable]
    if contract.include_sample_data:
        return names
    sql_text = f"{check.rule.arguments.get('sql', '')} {check.rule.where or ''}".lower()
    return [name for name in names if name not in check.rule.columns and name.lower() not in sql_text]


def _kinds(check: Check, rows: Rows) -> sql.Composable:
    """Return SQL for the types of failing json values, such as string and number, which are not data."""
    if check.kind is None:
        return NO_COLUMN
    return sql.SQL(
        "array(select distinct kind from (select {} as kind {} limit {}) as looked_at order by 1 limit {})"
    ).format(check.kind, _failing_rows(check, rows), sql.Literal(MAX_SCANNED_ROWS), sql.Literal(MAX_EXAMPLES))


def _samples(check: Check, contract: Contract, rows: Rows) -> sql.Composable:
    if not contract.include_sample_data or check.shown is None:
        return NO_COLUMN
    if check.scope == "unique":
        return sql.SQL("array(select left(({})::text, {}) {} limit {})").format(
            check.values[0], sql.Literal(MAX_VALUE_LENGTH), unique_rows(check, rows), sql.Literal(MAX_EXAMPLES)
        )
    return sql.SQL(
        "array(select distinct shown from (select left(({})::text, {}) as shown {} limit {}) as looked_at"
        " order by 1 limit {})"
    ).format(
        check.shown,
        sql.Literal(MAX_VALUE_LENGTH),
        _failing_rows(check, rows),
        sql.Literal(MAX_SCANNED_ROWS),
        sql.Literal(MAX_EXAMPLES),
    )


def _failing_rows(check: Check, rows: Rows) -> sql.Composable:
    """Return the FROM and WHERE clauses of the rows that break a check."""
    if check.scope == "relationship":
        return relationship_rows(check, rows)
    return sql.SQL("from {}{}").format(rows.checked, rows.where(check.condition))
