"""How the values of a promised column are read: a real column, a text that is promised to be more, or a json field.

Nothing here casts a value that the cast could refuse: each cast stands behind a condition that lets only readable
values through, the same on every version of PostgreSQL.
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
# What a text must look like to be read as a type, and how it is then read.
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
# In json a moment is a text in ISO 8601 with its time of day; a day alone is a date.
JSON_MOMENT = f"^{_DAY}[T ]{_TIME}{_ZONE}$"
# Texts longer than this are no number that anybody means, and numeric itself ends somewhere.
LONGEST_NUMBER = 1000
# The text that stands in for json that jsonb cannot hold.
UNREADABLE = '"unreadable"'
PAYLOAD_TYPES = ("json", "jsonb")


@dataclass(frozen=True)
class Field:
    """SQL about one promised column.

    ``family`` is that of ``value`` (text, integer, number and so on; empty when nobody knows). ``value`` may be
    computed only where ``is_typed`` holds (None: everywhere). ``mismatch`` is true for rows whose value is not null and
    not of the promised type; None when that cannot be. ``base_type`` is that of a real column.
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

    def guarded(self, condition: Sql) -> Sql:
        """The condition where the value is of its type; elsewhere it does not fail."""
        if self.is_typed is None:
            return condition
        return sql.SQL("case when {} then {} end").format(self.is_typed, condition)


def column_field(column: ObservedColumn, promised: str = "") -> Field:
    """A real column. A text column that is ``promised`` to be a number, a date and so on is read as that."""
    name = sql.Identifier(column.name)
    is_null = sql.SQL("{} is null").format(name)
    family = real_family(column)
    wanted = type_family(promised) if promised and family == "text" else None
    if wanted not in READABLE:
        text = name if family == "text" else sql.SQL("{}::text").format(name)
        value = sql.SQL("{}::numeric").format(name) if column.base_type == "money" else name
        return Field(column.name, family, value, text, is_null, base_type=column.base_type, data_type=column.data_type)
    # citext would match without regard to case, and char(n) pads.
    text = sql.SQL("{}::text").format(name)
    readable = _reads_as(text, wanted)
    value = sql.SQL("{}::{}").format(text, sql.SQL(CAST[wanted]))
    mismatch = sql.SQL("not ({})").format(readable)
    return Field(column.name, wanted, value, text, is_null, readable, mismatch, data_type=column.data_type)


def payload_field(payload: str, name: str, promised: str = "") -> Field:
    """A field of a json object."""
    json = sql.SQL("({} -> {})").format(sql.Identifier(payload), sql.Literal(name))
    text = sql.SQL("({} ->> {})").format(sql.Identifier(payload), sql.Literal(name))
    kind = sql.SQL("jsonb_typeof({})").format(json)
    is_null = sql.SQL("{} = 'null'").format(kind)
    family = type_family(promised) if promised else None
    if family is None or family in ("other", "binary"):
        return Field(name, "", text, text, is_null, json_type=kind)
    is_typed = _json_is(json, kind, text, family, parse_type(promised).name)
    mismatch = sql.SQL("{} <> 'null' and not ({})").format(kind, is_typed)
    value = sql.SQL("{}::{}").format(text, sql.SQL(CAST[family])) if family in CAST else text
    return Field(name, family, value, text, is_null, is_typed, mismatch, json_type=kind)


def fields_of(contract: Contract, observed: ObservedTable) -> dict[str, Field]:
    """What rules can be about, by name: the fields of the payload and the columns of the table that may be read.

    A field of the payload goes before a column of the same name.
    """
    promised = {column.name: column.data_type for column in contract.columns}
    for rule in contract.rules:
        if rule.kind == "type" and rule.columns:
            promised[rule.columns[0]] = str(rule.arguments.get("data_type", ""))
    found = {c.name: column_field(c, "" if contract.payload else promised.get(c.name, "")) for c in observed.columns}
    found = {column.name: found[column.name] for column in observed.columns if column.is_readable}
    if contract.payload:
        found |= {name: payload_field(contract.payload, name, data_type) for name, data_type in promised.items()}
    return found


def real_family(column: ObservedColumn) -> str:
    """Family of a real column's values."""
    if column.category == "A" or column.data_type.endswith("[]"):
        return "array"
    if column.base_type in ("money", "oid"):
        return "number"
    return type_family(column.base_type) or "other"


def payload_value(payload: str, base_type: str) -> Sql:
    """The payload as jsonb; what jsonb cannot hold becomes a text, and is then no object."""
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
