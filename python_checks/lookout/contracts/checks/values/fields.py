"""SQL that reads the values of a column: a real one, a text declared as another type, or a field of a json column.

No cast can fail: a condition before each cast lets only values through that every version of PostgreSQL can read.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2 import sql

from lookout.contracts.spec.model import Contract, ObservedColumn, ObservedTable
from lookout.contracts.spec.types import parse_type, type_family

Sql = sql.Composable

_DAY = (
    "(?:(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])"
    "|(?:0[48]|[2468][048]|[13579][26])00)-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_ZONE = "(?:Z|z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)?"
# Patterns of the texts that can be read as a type, and the type that they are then cast to.
READABLE = {
    "integer": "^ *[+-]?[0-9]+ *$",
    "number": r"^ *[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})? *$",
    "boolean": "^ *(?:[Tt](?:[Rr][Uu][Ee])?|[Ff](?:[Aa][Ll][Ss][Ee])?|[Yy](?:[Ee][Ss])?|[Nn][Oo]?|[Oo][Nn]"
    "|[Oo][Ff][Ff]|1|0) *$",
    "timestamp": f"^{_DAY}(?:[T ]{_TIME}{_ZONE})?$",
    "date": f"^{_DAY}$",
    "time": f"^{_TIME}{_ZONE}$",
    "uuid": "^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
}
CAST = {"integer": "numeric", "number": "numeric", "boolean": "boolean", "timestamp": "timestamptz", "date": "date",
        "time": "timetz", "uuid": "uuid"}  # fmt: skip
# In json a timestamp is a text in ISO 8601 with its time of day; a day alone is a date.
JSON_MOMENT = f"^{_DAY}[T ]{_TIME}{_ZONE}$"
# A text longer than this is not meant as a number, and numeric has a limit too.
LONGEST_NUMBER = 1000
# Takes the place of json that jsonb cannot hold.
UNREADABLE = '"unreadable"'
PAYLOAD_TYPES = ("json", "jsonb")


@dataclass(frozen=True)
class Field:
    """SQL expressions for one column of a contract.

    ``family`` is that of ``value`` (text, integer, number and so on; empty when unknown). ``value`` may be computed
    only where ``is_typed`` holds (None: everywhere). ``mismatch`` is true for rows whose value is not null and not of
    the declared type; None when that cannot be. ``base_type`` is that of a real column.
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
        text = name if family == "text" else sql.SQL("{}::text").format(name)
        value = sql.SQL("{}::numeric").format(name) if column.base_type == "money" else name
        return Field(column.name, family, value, text, is_null, base_type=column.base_type, data_type=column.data_type)
    # citext would match without regard to case, and char(n) pads.
    text = sql.SQL("{}::text").format(name)
    readable = _reads_as(text, family_of_text)
    value = sql.SQL("{}::{}").format(text, sql.SQL(CAST[family_of_text]))
    mismatch = sql.SQL("not ({})").format(readable)
    return Field(column.name, family_of_text, value, text, is_null, readable, mismatch, data_type=column.data_type)


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
    value = sql.SQL("{}::{}").format(text, sql.SQL(CAST[family])) if family in CAST else text
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
        number = sql.SQL("{}::numeric").format(text)
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
    return sql.SQL("case when {} = 'string' then {} ~ {} else false end").format(kind, text, sql.Literal(regex))


def _reads_as(text: Sql, family: str) -> Sql:
    readable = sql.SQL("{} ~ {}").format(text, sql.Literal(READABLE[family]))
    if family in ("integer", "number"):
        return sql.SQL("{} and length({}) <= {}").format(readable, text, sql.Literal(LONGEST_NUMBER))
    return readable
