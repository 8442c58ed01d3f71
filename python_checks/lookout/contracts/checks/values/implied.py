"""Checks that a contract implies without a rule of its own: types of values, and the shape of a payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from psycopg2 import sql

from lookout.contracts.checks.values.fields import PAYLOAD_TYPES, Field
from lookout.contracts.checks.values.spelling import Sql
from lookout.contracts.checks.values.wording import label
from lookout.contracts.spec.model import Contract, ObservedTable, Rule, ViolationType
from lookout.project.declarations.monitor import Severity

Scope = Literal["row", "unique", "relationship"]


@dataclass(frozen=True)
class Check:
    """One rule as SQL.

    ``condition`` is true for rows that break it (scope row), or for rows that it applies to (unique, relationship).
    ``values`` are the compared expressions of unique and relationship rules. ``shown`` is the offending value as text,
    ``kind`` the type of a json value.
    """

    rule: Rule
    scope: Scope
    violation_type: ViolationType
    column_name: str
    expected: str
    fault: str
    condition: Sql
    values: tuple[Sql, ...] = ()
    shown: Sql | None = None
    kind: Sql | None = None


def implied_rules(contract: Contract, fields: Mapping[str, Field]) -> Iterator[Rule]:
    """Yield the rules for declared types that only values can show, and for fields of a payload that are not null."""
    explicit = {(rule.kind, rule.columns) for rule in contract.rules}
    for column in contract.columns:
        field, key = fields.get(column.name), (column.name,)
        if field is None:
            continue
        if field.mismatch is not None and ("type", key) not in explicit:
            yield Rule("type", key, label("type", column.name), {"data_type": column.data_type}, "critical")
        if contract.payload and not column.is_nullable and ("not_null", key) not in explicit:
            yield Rule("not_null", key, label("not_null", column.name), {}, _by_mode(contract))


def implied_checks(contract: Contract, observed: ObservedTable) -> Iterator[Check]:
    """Yield the checks of the payload as a whole: not null, an object, with the required keys and no others."""
    payload_column = next(
        (payload_column for payload_column in observed.columns if payload_column.name == contract.payload), None
    )
    if payload_column is None or payload_column.base_type not in PAYLOAD_TYPES or not payload_column.is_readable:
        return
    payload, name = sql.Identifier(contract.payload), contract.payload

    def check(
        kind: str,
        column_name: str,
        violation_type: ViolationType,
        expected: str,
        fault: str,
        condition: Sql,
        severity: Severity,
    ) -> Check:
        rule = Rule(
            "type", (column_name,), label(kind, column_name) if column_name else kind, {"data_type": expected}, severity
        )
        return Check(rule, "row", violation_type, column_name, expected, fault, condition)

    is_object = sql.SQL("jsonb_typeof({}) = 'object'").format(payload)
    if any(declared.is_required for declared in contract.columns):
        condition = sql.SQL("{} is null").format(payload)
        yield check("not_null", name, "NULLABILITY_VIOLATION", "a json object", "null", condition, _by_mode(contract))
    condition = sql.SQL("jsonb_typeof({}) <> 'object'").format(payload)
    yield check("type", name, "TYPE_MISMATCH", "a json object", "another type", condition, "critical")
    for declared in contract.columns:
        if declared.is_required:
            condition = sql.SQL("{} and not {} ? {}").format(is_object, payload, sql.Literal(declared.name))
            expected = declared.data_type or "a field"
            yield check("required", declared.name, "MISSING_REQUIRED_FIELD", expected, "missing", condition, "critical")
    if contract.unexpected != "ignore" and contract.columns:
        condition = sql.SQL("{} <> '{{}}'").format(unexpected_part(contract))
        severity: Severity = "critical" if contract.unexpected == "fail" else "warning"
        yield check("unexpected", "", "UNEXPECTED_FIELD", "not in the contract", "present", condition, severity)


def unexpected_part(contract: Contract) -> Sql:
    """Return the payload without the fields of the contract; null where it is no object."""
    payload, names = sql.Identifier(contract.payload), [column.name for column in contract.columns]
    return sql.SQL("(case when jsonb_typeof({}) = 'object' then {} - {}::text[] end)").format(
        payload, payload, sql.Literal(names)
    )


def _by_mode(contract: Contract) -> Severity:
    return "critical" if contract.mode == "strict" else "warning"
