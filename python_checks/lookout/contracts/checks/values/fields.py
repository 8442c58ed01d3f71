"""SQL that reads the values of a column: a real one, a text declared as another type, or a field of a json column.

A column whose type only the query knows (`declared_field`) is read by `readings`, which each row is joined to.

No cast can fail: a condition before each cast lets only values through that every version of PostgreSQL can read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from psycopg2 import sql

from lookout.contracts.checks.values import spelling
from lookout.contracts.checks.values.spelling import CAST, JSON_MOMENT, READABLE, Sql, cast
from lookout.contracts.spec.model import ColumnContract, Contract, ObservedColumn, ObservedTable
from lookout.contracts.spec.types import parse_type, type_family

# Takes the place of json that jsonb cannot hold.
UNREADABLE = '"unreadable"'
# Floats are read as themselves: 0.1 in four bytes is not 0.1 in eight.
FLOATS = {"float4": "real", "float8": "double precision", "float": "double precision"}
PAYLOAD_TYPES = ("json", "jsonb")


@dataclass(frozen=True)
class Field:
    """SQL expressions for one column of a contract.

    ``family`` is that of ``value`` (text, integer, number and so on; empty when unknown). ``value`` may be computed
    only where ``is_typed`` holds (None: everywhere). ``mismatch`` is true for rows whose value is not null and not of
    the declared type; None when that cannot be. ``base_type`` is that of a real column. ``key`` is what unique rules
    compare, where the type does not decide it.
    """

    name: str
    family: str
    value: Sql
    text: Sql
    is_null: Sql
    is_typed: Sql | None = None
    mismatch: Sql | None = None
    base_type: str = ""
    data_type: str = ""
    json_type: Sql | None = None
    key: Sql | None = None

    @property
    def is_untyped(self) -> bool:
        """Return whether the type of a column is known to the query alone."""
        return not self.family and self.json_type is None

    def where_typed(self, condition: Sql) -> Sql:
        """Return the condition for rows whose value is of its type; other rows do not fail it."""
        if self.is_typed is None:
            return condition
        return sql.SQL("case when {} then {} end").format(self.is_typed, condition)


def column_field(column: ObservedColumn, declared: str = "") -> Field:
    """Return the field of a real column. A text column ``declared`` as a number, a date and so on is read as that."""
    name = sql.Identifier(column.name)
    is_null = sql.SQL("{} is null").format(name)
    family = real_family(column)
    family_of_text = type_family(declared) if declared and family == "text" else None
    if family_of_text not in READABLE:
        text = name if family == "text" else cast(name, "text")
        value = cast(name, "numeric") if column.base_type == "money" else name
        return Field(column.name, family, value, text, is_null, base_type=column.base_type, data_type=column.data_type)
    # citext would match without regard to case, and char(n) pads.
    text = cast(name, "text")
    readable = spelling.reads_as(text, family_of_text)
    value = cast(text, CAST[family_of_text])
    mismatch = sql.SQL("not ({})").format(readable)
    return Field(column.name, family_of_text, value, text, is_null, readable, mismatch, data_type=column.data_type)


def declared_field(column: ColumnContract, number: int) -> Field:
    """Return the field of a column whose real type only the query knows; `readings` has its values by the number."""
    name, family = sql.Identifier(written_name(column)), _declared_family(column)
    base_type = parse_type(column.data_type).name if column.data_type else ""
    # As a text, a label of an enum that does not exist is merely another value; citext compares in its own way.
    text = name if base_type == "citext" else cast(name, "text")
    value: Sql = text if family == "text" else name
    field = Field(column.name, family, value, text, sql.SQL("{} is null").format(name), key=name)
    field = replace(field, base_type="float8" if base_type == "float" else base_type, data_type=column.data_type)
    if family not in READABLE:
        return field
    value, unreadable = _reading("value", number), _reading("unreadable", number)
    # Null where a text cannot be read, so that no condition about it holds.
    text = sql.SQL("case when {} is not true then {} end").format(unreadable, text)
    return replace(field, value=value, text=text, mismatch=unreadable)


def readings(columns: Sequence[ColumnContract]) -> Sql | None:
    """Return joins to each row: whether a column holds a text that cannot be read as declared, and its value if not."""
    unreadable, values = [], []
    for number, column in enumerate(columns, start=1):
        name, family = sql.Identifier(written_name(column)), _declared_family(column)
        if family in READABLE:
            base_type = parse_type(column.data_type).name
            is_unreadable = spelling.is_unreadable(name, family)
            unreadable.append(sql.SQL("{} as {}").format(is_unreadable, _reading("unreadable", number)))
            value = sql.SQL("case when {} is not true then {} end as {}").format(
                _reading("unreadable", number),
                cast(name, FLOATS.get(base_type, CAST[family])),
                _reading("value", number),
            )
            values.append(value)
    if not values:
        return None
    join = "cross join lateral (\n    select\n        {}\n) as lookout_texts\n"
    join += "cross join lateral (\n    select\n        {}\n) as lookout_values"
    comma = sql.SQL(",\n        ")
    return sql.SQL(join).format(comma.join(unreadable), comma.join(values))


def written_name(column: ColumnContract) -> str:
    """Return the name by which dbt's SQL finds a column: capitals count where the YAML says so."""
    is_plain = re.fullmatch("[A-Za-z_][A-Za-z0-9_$]*", column.name) is not None
    return column.name.lower() if is_plain and not column.is_quoted else column.name


def _declared_family(column: ColumnContract) -> str:
    return (type_family(column.data_type) or "other") if column.data_type else ""


def _reading(what: str, number: int) -> sql.Identifier:
    return sql.Identifier(f"lookout_{what}_{number}")


def payload_field(payload: str, name: str, declared: str = "") -> Field:
    """Return the field of a key of a json object."""
    json = sql.SQL("({} -> {})").format(sql.Identifier(payload), sql.Literal(name))
    text = sql.SQL("({} ->> {})").format(sql.Identifier(payload), sql.Literal(name))
    kind = sql.SQL("jsonb_typeof({})").format(json)
    is_null = sql.SQL("{} = 'null'").format(kind)
    family = type_family(declared) if declared else None
    if family is None or family in ("other", "binary"):
        return Field(name, "", text, text, is_null, json_type=kind)
    is_typed = _json_is(json, kind, text, family, parse_type(declared).name)
    mismatch = sql.SQL("{} <> 'null' and not ({})").format(kind, is_typed)
    value = cast(text, CAST[family]) if family in CAST else text
    return Field(name, family, value, text, is_null, is_typed, mismatch, json_type=kind)


def fields_of(contract: Contract, observed: ObservedTable) -> dict[str, Field]:
    """Return the fields of the payload and of the readable columns of the table, by the names that rules use.

    A field of the payload takes precedence over a column of the same name.
    """
    declared = {column.name: column.data_type for column in contract.columns}
    for rule in contract.rules:
        if rule.kind == "type" and rule.columns:
            declared[rule.columns[0]] = str(rule.arguments.get("data_type", ""))
    found: dict[str, Field] = {}
    for column in observed.columns:
        if column.is_readable:
            found[column.name] = column_field(column, "" if contract.payload else declared.get(column.name, ""))
    if contract.payload:
        found |= {name: payload_field(contract.payload, name, data_type) for name, data_type in declared.items()}
    return found


def real_family(column: ObservedColumn) -> str:
    """Return the family of a real column's values."""
    if column.category == "A" or column.data_type.endswith("[]"):
        return "array"
    if column.base_type in ("money", "oid"):
        return "number"
    return type_family(column.base_type) or "other"


def payload_value(payload: str, base_type: str) -> Sql:
    """Return the payload as jsonb; json that jsonb cannot hold becomes a text, and so is not an object."""
    name = sql.Identifier(payload)
    if base_type == "jsonb":
        return name
    return sql.SQL("case when strpos({}::text, '\\u0000') > 0 then {}::jsonb else {}::jsonb end as {}").format(
        name, sql.Literal(UNREADABLE), name, name
    )


def _json_is(json: Sql, kind: Sql, text: Sql, family: str, word: str) -> Sql:
    if family == "number":
        return sql.SQL("{} = 'number'").format(kind)
    if family == "integer":
        # As in JSON Schema, 10.0 is a whole number.
        number = cast(text, "numeric")
        return sql.SQL("case when {} = 'number' then trunc({}) = {} else false end").format(kind, number, number)
    if family == "boolean":
        return sql.SQL("{} = 'boolean'").format(kind)
    if family == "array":
        return sql.SQL("{} = 'array'").format(kind)
    if family == "json":
        return sql.SQL("{} = 'object'").format(kind) if word == "object" else sql.SQL("{} is not null").format(json)
    if family == "text":
        return sql.SQL("{} = 'string'").format(kind)
    regex = JSON_MOMENT if family == "timestamp" else READABLE[family]
    return sql.SQL("case when {} = 'string' then {} else false end").format(kind, spelling.matches(text, regex))
