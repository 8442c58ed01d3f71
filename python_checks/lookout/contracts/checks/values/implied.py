"""What a contract promises about values without a rule of its own: types, and the shape of a payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from psycopg2 import sql

from lookout.contracts.checks.values.fields import PAYLOAD_TYPES, Field, Sql
from lookout.contracts.checks.values.wording import label
from lookout.contracts.spec.model import Contract, ObservedTable, Rule, ViolationType
from lookout.project.declarations.monitor import Severity

Scope = Literal["row", "unique", "relationship"]


@dataclass(frozen=True)
class Check:
    """One rule made ready.

    ``condition`` is true for rows that break it (scope row), or for rows that it concerns (unique, relationship).
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
    """Types that columns promise and that only their values can tell; and in a payload, that they are not null."""
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
    """What the record as a whole has to be: there, an object, with the keys that are required and no others."""
    column = next((column for column in observed.columns if column.name == contract.payload), None)
    if column is None or column.base_type not in PAYLOAD_TYPES or not column.is_readable:
        return
    payload, name = sql.Identifier(contract.payload), contract.payload

    def check(
        kind: str, about: str, type_: ViolationType, promise: str, fault: str, where: Sql, how: Severity
    ) -> Check:
        rule = Rule("type", (about,), label(kind, about) if about else kind, {"data_type": promise}, how)
        return Check(rule, "row", type_, about, promise, fault, where)

    is_object = sql.SQL("jsonb_typeof({}) = 'object'").format(payload)
    if any(promised.is_required for promised in contract.columns):
        condition = sql.SQL("{} is null").format(payload)
        yield check("not_null", name, "NULLABILITY_VIOLATION", "a json object", "null", condition, _by_mode(contract))
    condition = sql.SQL("jsonb_typeof({}) <> 'object'").format(payload)
    yield check("type", name, "TYPE_MISMATCH", "a json object", "another type", condition, "critical")
    for promised in contract.columns:
        if promised.is_required:
            condition = sql.SQL("{} and not {} ? {}").format(is_object, payload, sql.Literal(promised.name))
            promise = promised.data_type or "a field"
            yield check("required", promised.name, "MISSING_REQUIRED_FIELD", promise, "missing", condition, "critical")
    if contract.unexpected != "ignore" and contract.columns:
        condition = sql.SQL("{} <> '{{}}'").format(unexpected_part(contract))
        how: Severity = "critical" if contract.unexpected == "fail" else "warning"
        yield check("unexpected", "", "UNEXPECTED_FIELD", "not in the contract", "present", condition, how)


def unexpected_part(contract: Contract) -> Sql:
    """The payload without the promised fields; null where it is no object."""
    payload, names = sql.Identifier(contract.payload), [column.name for column in contract.columns]
    return sql.SQL("(case when jsonb_typeof({}) = 'object' then {} - {}::text[] end)").format(
        payload, payload, sql.Literal(names)
    )


def _by_mode(contract: Contract) -> Severity:
    return "critical" if contract.mode == "strict" else "warning"
