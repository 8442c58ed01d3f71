"""A second, small statement for tables where rules are broken: keys of failing rows, kinds of values, samples."""

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

MOST = 5
# Rows that are looked at for distinct values, and how much of a value is shown.
LOOKED_AT = 1000
LONGEST_VALUE = 100
# A statement has at most 1,664 columns, three of which show one broken rule.
MOST_CHECKS = 300
NONE = sql.SQL("null::text[]")


@dataclass(frozen=True)
class ExamplePlan:
    """The statement and the broken checks it is about, in the order of its columns: keys, kinds and samples of each."""

    query: sql.Composable
    checks: tuple[Check, ...]


def plan_examples(plan: ValuePlan, result: ValueResult, *, since: datetime | None = None) -> ExamplePlan | None:
    """Build the statement for the checks that failed; None when the contract asks for nothing that it could show.

    Keys are those of ``example_columns``, less the columns whose values are what is wrong, unless the contract includes
    sample data. For a random sample, examples come from all rows.
    """
    failing = [check for check, count in zip(plan.checks, result.failing, strict=True) if count]
    rows = rows_of(plan.contract, plan.observed, plan.checks, since=since, is_repeatable=True)
    shown: list[tuple[Check, list[sql.Composable]]] = []
    for check in failing[:MOST_CHECKS]:
        columns = [_keys(check, plan, rows), _kinds(check, rows), _samples(check, plan.contract, rows)]
        if any(column is not NONE for column in columns):
            shown.append((check, columns))
    if not shown:
        return None
    every = sql.SQL(",\n    ").join([column for _, columns in shown for column in columns])
    query = sql.SQL("{}select\n    {}").format(rows.preamble, every)
    return ExamplePlan(query, tuple(check for check, _ in shown))


def with_examples(
    result: ValueResult, plan: ExamplePlan, row: Sequence[Any], contract: Contract
) -> tuple[Violation, ...]:
    """The violations of a result with what the statement found added to them."""
    found = {
        (check.rule.name, check.column_name, check.violation_type): row[3 * i : 3 * i + 3]
        for i, check in enumerate(plan.checks)
    }
    faults = {check.rule.name: check.fault for check in plan.checks}
    violations = []
    for violation in result.violations:
        is_field = violation.violation_type == "UNEXPECTED_FIELD"
        place = (violation.rule, "" if is_field else violation.column_name, violation.violation_type)
        if place in found and violation.failing_rows is not None:
            keys, kinds, samples = found[place]
            fault = ", ".join(kinds) if kinds else faults[violation.rule]
            said = actual(fault, violation.failing_rows, violation.total_rows or 0, samples or ())
            violation = replace(violation, actual=said, example_keys=() if is_field else tuple(keys or ()))
        violations.append(violation)
    return tuple(violations)


def _keys(check: Check, plan: ValuePlan, rows: Rows) -> sql.Composable:
    if check.scope == "unique":
        return NONE
    names = _key_names(check, plan.contract, plan.observed)
    if not names:
        return NONE
    texts = {column.name for column in plan.observed.columns if column.category == "S"}
    parts = [
        sql.SQL("{}, {}").format(
            sql.Literal(name),
            sql.SQL("left({}, {})").format(sql.Identifier(name), sql.Literal(LONGEST_VALUE))
            if name in texts
            else sql.Identifier(name),
        )
        for name in names
    ]
    return sql.SQL("array(select jsonb_build_object({})::text {} limit {})").format(
        sql.SQL(", ").join(parts), _broken(check, rows), sql.Literal(MOST)
    )


def _key_names(check: Check, contract: Contract, observed: ObservedTable) -> list[str]:
    """Columns that identify a row and may be shown: the offending value itself is data."""
    readable = {column.name for column in observed.columns if column.is_readable}
    names = [name for name in contract.example_columns if name in readable]
    if contract.include_sample_data:
        return names
    said = f"{check.rule.arguments.get('sql', '')} {check.rule.where or ''}".lower()
    return [name for name in names if name not in check.rule.columns and name.lower() not in said]


def _kinds(check: Check, rows: Rows) -> sql.Composable:
    """Types of json values, which are no data: string, number and so on."""
    if check.kind is None:
        return NONE
    return sql.SQL(
        "array(select distinct kind from (select {} as kind {} limit {}) as looked_at order by 1 limit {})"
    ).format(check.kind, _broken(check, rows), sql.Literal(LOOKED_AT), sql.Literal(MOST))


def _samples(check: Check, contract: Contract, rows: Rows) -> sql.Composable:
    if not contract.include_sample_data or check.shown is None:
        return NONE
    if check.scope == "unique":
        return sql.SQL("array(select left(({})::text, {}) {} limit {})").format(
            check.values[0], sql.Literal(LONGEST_VALUE), unique_rows(check, rows), sql.Literal(MOST)
        )
    return sql.SQL(
        "array(select distinct shown from (select left(({})::text, {}) as shown {} limit {}) as looked_at"
        " order by 1 limit {})"
    ).format(check.shown, sql.Literal(LONGEST_VALUE), _broken(check, rows), sql.Literal(LOOKED_AT), sql.Literal(MOST))


def _broken(check: Check, rows: Rows) -> sql.Composable:
    """From and where of the rows that break a check."""
    if check.scope == "relationship":
        return relationship_rows(check, rows)
    return sql.SQL("from {}{}").format(rows.checked, rows.where(check.condition))
