"""Rules about values as SQL: one condition for each rule, true for the rows that break it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from psycopg2 import sql

from lookout.contracts.checks.values import spelling
from lookout.contracts.checks.values.fields import Field, declared_field, fields_of
from lookout.contracts.checks.values.implied import Check, implied_checks, implied_rules
from lookout.contracts.checks.values.patterns import posix_regex
from lookout.contracts.checks.values.spelling import Sql
from lookout.contracts.checks.values.wording import FAULTS, expected
from lookout.contracts.spec.model import ColumnContract, Contract, ObservedTable, Rule, Violation, ViolationType
from lookout.engines.catalog import WITHOUT_EQUALITY

VIOLATION_TYPES: Mapping[str, ViolationType] = {"not_null": "NULLABILITY_VIOLATION", "type": "TYPE_MISMATCH"}
LITERAL_FAMILIES = ("timestamp", "date", "time", "text", "uuid", "other")
NEVER = sql.SQL("false")

Limit = TypeVar("Limit")


class RuleError(Exception):
    """A rule that cannot be evaluated on this table; the message is a clause without a full stop."""


@dataclass(frozen=True)
class Checks:
    """The checks of a contract, and a violation for each rule that cannot be checked."""

    ready: tuple[Check, ...]
    left_out: tuple[Violation, ...] = ()


def build_checks(contract: Contract, observed: ObservedTable) -> Checks:
    """Build the checks of every rule of a contract, and for a payload those that its columns imply.

    Rules about missing columns that the structure check reports are left out without a violation.
    """
    fields = fields_of(contract, observed)
    hidden = {column.name for column in observed.columns if not column.is_readable}
    return _checks(contract, fields, tuple(implied_checks(contract, observed)), hidden)


def build_row_checks(contract: Contract, columns: Sequence[ColumnContract]) -> Checks:
    """Build the checks of a table that is not looked at; the types of its ``columns`` only the query will know."""
    fields = {column.name: declared_field(column, number) for number, column in enumerate(columns, start=1)}
    return _checks(contract, fields)


def _checks(
    contract: Contract, fields: Mapping[str, Field], implied: tuple[Check, ...] = (), hidden: Collection[str] = ()
) -> Checks:
    reported_missing = {column.name for column in contract.columns if column.is_required}
    ready: list[Check] = list(implied)
    left_out: list[Violation] = []
    for rule in (*implied_rules(contract, fields), *contract.rules):
        absent = [name for name in rule.columns if name not in fields]
        if absent and not set(absent) & set(hidden) and set(absent) <= reported_missing:
            continue
        try:
            if absent:
                problem = "may not be read by Lookout's user" if absent[0] in hidden else "does not exist"
                raise RuleError(f"column '{absent[0]}' {problem}")
            ready.append(_check_of(rule, [fields[name] for name in rule.columns], contract))
        except RuleError as error:
            left_out.append(not_evaluated(rule, f"could not be evaluated: {error}"))
        except (KeyError, TypeError, ValueError):
            left_out.append(not_evaluated(rule, f"could not be evaluated: arguments of {rule.kind} are not valid"))
    return Checks(tuple(ready), tuple(left_out))


def not_evaluated(rule: Rule, reason: str) -> Violation:
    """Return the violation of a rule that could not be evaluated."""
    try:
        expected_text = expected(rule)
    except (KeyError, TypeError, ValueError):
        expected_text = rule.kind
    column = ", ".join(rule.columns)
    return Violation(column, "CONTRACT_NOT_EVALUATED", rule.name, expected_text, reason, "warning")


def _check_of(rule: Rule, fields: list[Field], contract: Contract) -> Check:
    kind = rule.kind
    check = Check(
        rule,
        "row",
        VIOLATION_TYPES.get(kind, "CONSTRAINT_VIOLATION"),
        ", ".join(rule.columns),
        expected(rule),
        FAULTS[kind],
        _with_filter(rule, sql.SQL("true")),
    )
    if kind == "expression":
        # As in a check constraint, null does not fail. The line break ends a comment in the SQL.
        condition: Sql = sql.SQL("(\n{}\n) is false").format(sql.SQL(str(rule.arguments["sql"])))
        return replace(check, condition=_with_filter(rule, condition))
    if kind == "unique":
        return replace(
            check,
            scope="unique",
            values=tuple(_comparable(field) for field in fields),
            shown=fields[0].text if len(fields) == 1 else None,
        )
    (field,) = fields
    if kind == "relationship":
        value = field.value if field.is_typed is None else field.where_typed(field.value)
        return replace(check, scope="relationship", values=(value,), shown=field.text)
    if kind == "not_null":
        return replace(check, condition=_with_filter(rule, field.is_null))
    if kind == "type":
        if field.mismatch is None and not _is_plain(field, contract):
            raise RuleError(f"no value tells whether it is of type {rule.arguments.get('data_type')}")
        condition = field.mismatch or NEVER
        return replace(check, condition=_with_filter(rule, condition), shown=field.text, kind=field.json_type)
    return replace(check, condition=_with_filter(rule, _condition(rule, field)), shown=field.text)


def _with_filter(rule: Rule, condition: Sql) -> Sql:
    if rule.where is None:
        return condition
    return sql.SQL("(\n{}\n) and ({})").format(sql.SQL(rule.where), condition)


def _condition(rule: Rule, field: Field) -> Sql:
    """Return the condition of a rule about single values that are not null."""
    if rule.kind == "accepted_values":
        return _not_accepted(rule, field)
    if rule.kind == "range":
        return _out_of_range(rule, field)
    if rule.kind == "length":
        return _wrong_length(rule, _as_text(field))
    if rule.kind == "pattern":
        field = _as_text(field)
        if field.family not in ("text", "uuid", "other"):
            raise RuleError(f"column '{field.name}' is no text and matches no pattern")
        matches = spelling.matches(field.text, posix_regex(str(rule.arguments["regex"])))
        return field.where_typed(sql.SQL("not {}").format(matches))
    field = _as_number(field)
    if field.family not in ("integer", "number"):
        raise RuleError(f"column '{field.name}' is no number and has no digits after a point")
    return _more_digits(int(rule.arguments["digits"]), field)


def _wrong_length(rule: Rule, field: Field) -> Sql:
    if field.family not in ("text", "binary"):
        raise RuleError(f"column '{field.name}' is no text and has no length")
    low, high = _limits(rule, int)
    value = field.text if field.family == "text" else field.value
    size = spelling.length(value)
    # Counting the characters of UTF-8 takes time, so the length is computed once a row where that is enough.
    if low == high:
        return field.where_typed(sql.SQL("{} <> {}").format(size, sql.SQL(str(low))))
    parts = []
    if low == 1:
        parts.append(sql.SQL("{} = ''").format(value))
    elif low is not None and low > 0:
        parts.append(sql.SQL("{} < {}").format(size, sql.SQL(str(low))))
    if high is not None:
        parts.append(sql.SQL("{} > {}").format(size, sql.SQL(str(high))))
    if not parts:
        return NEVER
    return field.where_typed(sql.SQL("({})").format(sql.SQL(" or ").join(parts)))


def _more_digits(digits: int, field: Field) -> Sql:
    if field.family == "integer" and field.mismatch is None:
        return NEVER
    is_float = field.base_type in ("float4", "float8")
    return field.where_typed(spelling.has_more_digits(field.value, digits, is_float=is_float))


def _not_accepted(rule: Rule, field: Field) -> Sql:
    values = [value for value in rule.arguments["values"] if value is not None]
    if not values:
        return sql.SQL("{} is not null").format(field.text)
    if field.family in ("integer", "number"):
        literals = [_number(value, field) for value in values]
    else:
        literals = [sql.Literal(_text(value)) for value in values]
    # Enums are compared as texts: a label that does not exist would be an error.
    is_typed = field.family in ("integer", "number", "boolean", "timestamp", "date", "time", "uuid")
    if field.is_untyped:
        # 1.00 is an accepted 1, which texts would not show; the server reads the literals as the type of the column.
        is_typed = any(re.fullmatch("[-+.0-9]+", str(value)) for value in values)
    compared = field.value if is_typed else field.text
    return field.where_typed(sql.SQL("{} not in ({})").format(compared, sql.SQL(", ").join(literals)))


def _out_of_range(rule: Rule, field: Field) -> Sql:
    limits = [limit for limit in (rule.arguments.get("min"), rule.arguments.get("max")) if limit is not None]
    if not field.family and not any(isinstance(limit, str) for limit in limits):
        field = _as_number(field)
    strict = bool(rule.arguments.get("strict"))
    if field.is_untyped:
        low, high = _limits(rule, lambda limit: sql.Literal(limit) if isinstance(limit, str) else _number(limit, field))
    elif field.family in ("integer", "number"):
        low, high = _limits(rule, lambda limit: _number(limit, field))
    elif field.family in (*LITERAL_FAMILIES, ""):
        if field.family in ("text", "") and any(not isinstance(limit, str) for limit in limits):
            raise RuleError(f"column '{field.name}' is a text and cannot be compared with a number")
        low, high = _limits(rule, lambda limit: sql.Literal(_text(limit)))
    else:
        raise RuleError(f"values of type {field.data_type or field.family} (column '{field.name}') have no range")
    return field.where_typed(_outside(field.value, low, high, strict=strict))


def _limits(rule: Rule, literal: Callable[[Any], Limit]) -> tuple[Limit | None, Limit | None]:
    low, high = rule.arguments.get("min"), rule.arguments.get("max")
    if low is None and high is None:
        raise RuleError(f"a {rule.kind} needs min or max")
    return (None if low is None else literal(low)), (None if high is None else literal(high))


def _outside(value: Sql, low: Sql | None, high: Sql | None, *, strict: bool) -> Sql:
    under, over = ("<=", ">=") if strict else ("<", ">")
    parts = []
    if low is not None:
        parts.append(sql.SQL("{} {} {}").format(value, sql.SQL(under), low))
    if high is not None:
        parts.append(sql.SQL("{} {} {}").format(value, sql.SQL(over), high))
    return sql.SQL("({})").format(sql.SQL(" or ").join(parts))


def _number(value: Any, field: Field) -> Sql:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise RuleError(f"'{value}' is no number, and column '{field.name}' is one")
    if field.base_type in ("float4", "float8"):
        # In the type of the column: 0.1 in four bytes is not 0.1 in eight.
        return spelling.cast(sql.Literal(str(number)), field.base_type)
    return sql.SQL(f"({number:f})")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _comparable(field: Field) -> Sql:
    if field.base_type in WITHOUT_EQUALITY:
        raise RuleError(f"values of type {field.data_type} (column '{field.name}') cannot be compared")
    if field.key is not None:
        return field.key
    if field.base_type in ("text", "varchar", "bpchar") or not field.base_type:
        return spelling.by_bytes(field.text)
    return field.value


def _as_number(field: Field) -> Field:
    """Return a json field without a declared type as a number: only its numbers are checked."""
    if field.family:
        return field
    if field.json_type is None:
        return replace(field, family="number")
    is_number = sql.SQL("{} = 'number'").format(field.json_type)
    return replace(field, family="number", value=spelling.cast(field.text, "numeric"), is_typed=is_number)


def _as_text(field: Field) -> Field:
    if field.family:
        return field
    is_typed = None if field.json_type is None else sql.SQL("{} = 'string'").format(field.json_type)
    return replace(field, family="text", is_typed=is_typed)


def _is_plain(field: Field, contract: Contract) -> bool:
    return not contract.payload and field.family != "text"
