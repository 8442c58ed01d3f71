"""Spellings of PostgreSQL in conditions about values: an engine of another dialect brings its own of each."""

from __future__ import annotations

from psycopg2 import sql

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
CAST = {
    "integer": "numeric",
    "number": "numeric",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "date": "date",
    "time": "timetz",
    "uuid": "uuid",
}
# In json a timestamp is a text in ISO 8601 with its time of day; a day alone is a date.
JSON_MOMENT = f"^{_DAY}[T ]{_TIME}{_ZONE}$"
# A text longer than this is not meant as a number, and numeric has a limit too.
LONGEST_NUMBER = 1000


def cast(value: Sql, type_name: str) -> Sql:
    """Return a value in another type."""
    return sql.SQL("{}::{}").format(value, sql.SQL(type_name))


def length(text: Sql) -> Sql:
    """Return the number of characters of a text, or of bytes."""
    return sql.SQL("length({})").format(text)


def matches(text: Sql, regex: str) -> Sql:
    """Return the condition that a text matches a regular expression somewhere."""
    return sql.SQL("{} ~ {}").format(text, sql.Literal(regex))


def reads_as(text: Sql, family: str) -> Sql:
    """Return the condition that a text can be read as a type of a family."""
    readable = matches(text, READABLE[family])
    if family in ("integer", "number"):
        return sql.SQL("{} and {} <= {}").format(readable, length(text), sql.Literal(LONGEST_NUMBER))
    return readable


def is_unreadable(column: Sql, family: str) -> Sql:
    """Return whether a column holds a text that cannot be read as a type of a family, for when only the query knows."""
    texts = sql.SQL("'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype")
    return sql.SQL("case when pg_typeof({}) in ({}) then not ({}) end").format(
        column, texts, reads_as(cast(column, "text"), family)
    )


def has_more_digits(number: Sql, digits: int, *, is_float: bool) -> Sql:
    """Return the condition that a number has more digits after the point."""
    condition = sql.SQL("min_scale({}) > {}").format(cast(number, "numeric"), sql.Literal(digits))
    # numeric has no infinity before PostgreSQL 14.
    return sql.SQL("case when abs({}) < 'Infinity' then {} end").format(number, condition) if is_float else condition


def by_bytes(text: Sql) -> Sql:
    """Return a text that is compared by its bytes: several times as fast to sort as by language, and as equal."""
    return sql.SQL('{} collate "C"').format(text)


def as_query(part: Sql) -> str:
    """Return SQL as a text, without a connection to quote by: the server takes backslashes as they are."""
    if isinstance(part, sql.Composed):
        return "".join(map(as_query, part.seq))
    if isinstance(part, sql.Identifier):
        return ".".join('"' + name.replace('"', '""') + '"' for name in part.strings)
    if isinstance(part, sql.Literal):
        value = part.wrapped
        return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
    return str(part.string) if isinstance(part, sql.SQL) else ""
