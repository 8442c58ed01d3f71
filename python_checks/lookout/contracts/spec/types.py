"""Type names of contracts and of PostgreSQL, and whether values of a real type can be read as a declared one."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from lookout.contracts.spec.model import ObservedColumn

# Spellings of a type, after the words of PostgreSQL's documentation (table 8.1) and its own aliases, by typname.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "int2": ("smallint", "int2", "smallserial", "serial2"),
    "int4": ("integer", "int", "int4", "serial", "serial4"),
    "int8": ("bigint", "int8", "bigserial", "serial8"),
    "numeric": ("numeric", "decimal", "dec"),
    "float4": ("real", "float4"),
    "float8": ("double precision", "float8", "double"),
    "bool": ("boolean", "bool"),
    "text": ("text",),
    "varchar": ("character varying", "varchar", "char varying"),
    "bpchar": ("character", "char", "bpchar"),
    "citext": ("citext",),
    "name": ("name",),
    "timestamptz": ("timestamp with time zone", "timestamptz", "timestamp_tz"),
    "timestamp": ("timestamp without time zone", "timestamp"),
    "date": ("date",),
    "time": ("time without time zone", "time"),
    "timetz": ("time with time zone", "timetz"),
    "interval": ("interval",),
    "json": ("json",),
    "jsonb": ("jsonb",),
    "uuid": ("uuid",),
    "bytea": ("bytea",),
    "bit": ("bit",),
    "varbit": ("bit varying", "varbit"),
    # Words that name a family instead of a type.
    "string": ("string",),
    "float": ("float",),
    "number": ("number",),
    "datetime": ("datetime",),
    "array": ("array",),
    "object": ("object",),
}
OTHERS = (
    "money", "xml", "hstore", "inet", "cidr", "macaddr", "macaddr8", "oid", "tsvector", "tsquery", "pg_lsn", "point",
    "line", "lseg", "box", "path", "polygon", "circle", "int4range", "int8range", "numrange", "tsrange", "tstzrange",
    "daterange", "int4multirange", "int8multirange", "nummultirange", "tsmultirange", "tstzmultirange",
    "datemultirange", "geometry", "geography", "vector", "ltree", '"char"',
)  # fmt: skip
INTERVALS = tuple(
    f"interval {fields}"
    for fields in (
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "year to month",
        "day to hour",
        "day to minute",
        "day to second",
        "hour to minute",
        "hour to second",
        "minute to second",
    )
)
CANONICAL = {spelling: name for name, spellings in SPELLINGS.items() for spelling in spellings}
CANONICAL |= {name: name for name in (*OTHERS, *INTERVALS)}

FAMILIES: dict[str, tuple[str, ...]] = {
    "text": ("text", "varchar", "bpchar", "citext", "name", "string"),
    "integer": ("int2", "int4", "int8"),
    "number": ("numeric", "float4", "float8", "float", "number"),
    "boolean": ("bool",),
    "timestamp": ("timestamp", "timestamptz", "datetime"),
    "date": ("date",),
    "time": ("time", "timetz"),
    "json": ("json", "jsonb", "object"),
    "uuid": ("uuid",),
    "binary": ("bytea",),
    "array": ("array",),
}
FAMILY = {name: family for family, names in FAMILIES.items() for name in names}

# Types whose every value can be read as the declared one, besides that type itself.
READABLE_AS: dict[str, tuple[str, ...]] = {
    # Words: int is a number, numeric(12,2) a float, varchar(50) a string. A label of an enum and a uuid are strings as
    # well, and a composite value is an object. A date is no datetime: whoever reads hours would read midnight.
    "string": ("text", "varchar", "bpchar", "citext", "name", "uuid"),
    "float": ("int2", "int4", "int8", "numeric", "float4", "float8"),
    "number": ("int2", "int4", "int8", "numeric", "float4", "float8"),
    "datetime": ("timestamp", "timestamptz"),
    # A json document may be an object or an array: only its values show which.
    "object": ("json", "jsonb", "hstore"),
    "array": ("json", "jsonb"),
    # Whole numbers: a narrower one fits into a wider one.
    "int4": ("int2",),
    "int8": ("int2", "int4"),
    # Floats hold whole numbers exactly up to 2^24 and 2^53.
    "float4": ("int2",),
    "float8": ("int2", "int4", "float4"),
    # Texts differ in length, which is compared below. citext compares without regard to case, but reads the same.
    "text": ("varchar", "bpchar", "citext", "name"),
    "varchar": ("text", "bpchar", "citext", "name"),
    "bpchar": ("text", "varchar"),
    # jsonb keeps no order of keys and no white space, and everything that reads json reads it; not the other way round.
    "json": ("jsonb",),
    "interval": INTERVALS,
}
# Digits before the point that whole numbers may need: numeric(p,s) has p - s of them.
WHOLE_DIGITS = {"int2": 5, "int4": 10, "int8": 19}
# Digits of a second that a timestamp or time without a precision keeps.
SECOND_DIGITS = 6
WITH_SECONDS = ("timestamp", "timestamptz", "time", "timetz", "interval")


@dataclass(frozen=True)
class TypeName:
    """The parts of a type: canonical name, schema (empty when none is named), and the numbers in brackets."""

    name: str
    schema: str = ""
    arguments: tuple[int, ...] = ()
    is_array: bool = False
    is_known: bool = True


def known_type(text: str) -> bool:
    """Return whether a type is one of PostgreSQL's or of contracts; user-defined types are not known."""
    return parse_type(text).is_known


def suggested_type(text: str) -> str:
    """Return the known type that is closest to a misspelt one; empty when none is, or the text names a schema."""
    if known_type(text) or re.search(r'["."]', text):
        return ""
    word = re.sub(r"\(.*|\[.*", "", text).strip().lower()
    close = difflib.get_close_matches(word, CANONICAL, n=1, cutoff=0.8)
    return close[0] if close else ""


def type_family(text: str) -> str | None:
    """Return the family of a type; None when it is unknown.

    One of text, integer, number, boolean, timestamp, date, time, json, uuid, binary, array and other.
    """
    parsed = parse_type(text)
    if parsed.is_array:
        return "array"
    return FAMILY.get(parsed.name, "other") if parsed.is_known else None


def compatible(declared: str, observed: ObservedColumn) -> bool:
    """Return whether every value of the real column can be read as the declared type.

    A narrower type than declared is fine, a wider one is not. User-defined types are compared by name.
    """
    if " ".join(declared.split()) == observed.data_type:
        return True
    declared_type = parse_type(declared)
    real_type = parse_type(observed.data_type)
    if _same_name(declared_type, real_type) and _fits(declared_type, real_type):
        return True
    if observed.domain_type:
        real_type = parse_type(observed.domain_type)
    if real_type.is_array and declared_type == TypeName("array"):
        return True
    if declared_type.is_array or real_type.is_array:
        return declared_type.is_array and real_type.is_array and _is_readable_as(declared_type, real_type)
    if (declared_type.name, observed.category) in (("string", "E"), ("object", "C")):
        return True
    return _is_readable_as(declared_type, real_type)


def parse_type(text: str) -> TypeName:
    """Parse a type as YAML or ``format_type`` spells it. Never fails: a text that is no type is an unknown name."""
    rest = " ".join(text.split())
    array = re.search(r"(?:\s*\[\d*\])+$|\s+array(?:\s*\[\d*\])?$", rest, flags=re.IGNORECASE)
    rest = rest[: array.start()] if array else rest
    match = re.fullmatch(r'((?:"(?:[^"]|"")*"|[^"(])*)\(([-\d\s,]*)\)(.*)', rest)
    numbers = tuple(int(number) for number in re.findall(r"-?\d+", match[2])) if match else ()
    word = f"{match[1].rstrip()}{match[3]}".strip() if match else rest
    plain = " ".join(word.lower().split()).removeprefix("pg_catalog.")
    if plain == "float" and numbers:
        # float(n) counts binary digits.
        return TypeName("float4" if numbers[0] <= 24 else "float8", is_array=array is not None)
    if plain in CANONICAL:
        return TypeName(CANONICAL[plain], "", _arguments(plain, numbers), array is not None)
    parts = re.findall(r'"((?:[^"]|"")*)"|([^".]+)', word)
    names = [quoted.replace('""', '"') or bare.strip().lower() for quoted, bare in parts]
    schema = names[-2] if len(names) > 1 else ""
    return TypeName(names[-1] if names else plain, schema, numbers, array is not None, is_known=False)


def _arguments(word: str, numbers: tuple[int, ...]) -> tuple[int, ...]:
    if word in ("character", "char") and not numbers:
        return (1,)
    if CANONICAL[word] == "numeric" and numbers:
        return (*numbers, 0)[:2]
    return numbers


def _same_name(declared: TypeName, real: TypeName) -> bool:
    if declared.is_known or real.is_known:
        return (declared.name, declared.is_array) == (real.name, real.is_array)
    # User-defined types: format_type leaves out the schema of what is in the search path, and puts capitals in quotes.
    same_schema = "" in (declared.schema, real.schema) or declared.schema == real.schema
    return same_schema and (declared.name.lower(), declared.is_array) == (real.name.lower(), real.is_array)


def _is_readable_as(declared: TypeName, real: TypeName) -> bool:
    if declared.name == real.name:
        return _same_name(declared, real) and _fits(declared, real)
    if declared.name == "numeric" and real.name in WHOLE_DIGITS:
        return not declared.arguments or declared.arguments[0] - declared.arguments[1] >= WHOLE_DIGITS[real.name]
    return real.name in READABLE_AS.get(declared.name, ()) and _fits(declared, real)


def _fits(declared: TypeName, real: TypeName) -> bool:
    """Return whether length, precision and scale of the real type stay within those of the declared one."""
    if declared.arguments == real.arguments:
        return True
    if declared.name == "numeric":
        if not declared.arguments or not real.arguments:
            return not declared.arguments
        (precision, scale), (real_precision, real_scale) = declared.arguments, real.arguments
        return real_scale <= scale and real_precision - real_scale <= precision - scale
    if declared.name in WITH_SECONDS:
        return (real.arguments or (SECOND_DIGITS,)) <= (declared.arguments or (SECOND_DIGITS,))
    if FAMILY.get(declared.name) == "text":
        return not declared.arguments or bool(real.arguments and real.arguments[0] <= declared.arguments[0])
    # bit(3) holds exactly three bits, a vector(3) three numbers; a declared type without a size takes any.
    return not declared.arguments
