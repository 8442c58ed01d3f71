"""Which real column types keep a promised type: those whose every value can be read as one of the promised type."""

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

# What keeps a promise besides the type itself.
KEEPS: dict[str, tuple[str, ...]] = {
    # Words: int is a number, numeric(12,2) a float, varchar(50) a string. A label of an enum and a uuid are strings as
    # well, and a composite value is an object. A date is no datetime: whoever reads hours would read midnight.
    "string": ("text", "varchar", "bpchar", "citext", "name", "uuid"),
    "float": ("int2", "int4", "int8", "numeric", "float4", "float8"),
    "number": ("int2", "int4", "int8", "numeric", "float4", "float8"),
    "datetime": ("timestamp", "timestamptz"),
    # A json document may be an object or an array; which it is only its values tell.
    "object": ("json", "jsonb", "hstore"),
    "array": ("json", "jsonb"),
    # Whole numbers: a narrower one fits into a wider one.
    "int4": ("int2",),
    "int8": ("int2", "int4"),
    # Floats hold whole numbers exactly up to 2^24 and 2^53.
    "float4": ("int2",),
    "float8": ("int2", "int4", "float4"),
    # Texts: what differs is the length, which is compared below. citext compares otherwise, yet reads the same.
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
    """A type taken apart: canonical name, schema (empty when none is named), what stands in brackets."""

    name: str
    schema: str = ""
    arguments: tuple[int, ...] = ()
    is_array: bool = False
    is_known: bool = True


def known_type(text: str) -> bool:
    """Whether a type is one that PostgreSQL or a contract names; types of one's own are not known."""
    return parse_type(text).is_known


def suggested_type(text: str) -> str:
    """The known type that an unknown word is probably a slip of; empty when there is none, or its schema is named."""
    if known_type(text) or re.search(r'["."]', text):
        return ""
    word = re.sub(r"\(.*|\[.*", "", text).strip().lower()
    close = difflib.get_close_matches(word, CANONICAL, n=1, cutoff=0.8)
    return close[0] if close else ""


def type_family(text: str) -> str | None:
    """text, integer, number, boolean, timestamp, date, time, json, uuid, binary, array or other; None when unknown."""
    parsed = parse_type(text)
    if parsed.is_array:
        return "array"
    return FAMILY.get(parsed.name, "other") if parsed.is_known else None


def compatible(promised: str, observed: ObservedColumn) -> bool:
    """Whether every value of the real column can be read as the promised type.

    A narrower type than promised is fine, a wider one is not. Types of one's own are compared by name.
    """
    if " ".join(promised.split()) == observed.data_type:
        return True
    wanted = parse_type(promised)
    real = parse_type(observed.data_type)
    if _same_name(wanted, real) and _fits(wanted, real):
        return True
    if observed.domain_type:
        real = parse_type(observed.domain_type)
    if wanted.is_array or real.is_array:
        return (real.is_array and wanted == TypeName("array")) or (
            wanted.is_array and real.is_array and _keeps(wanted, real)
        )
    if (wanted.name, observed.category) in (("string", "E"), ("object", "C")):
        return True
    return _keeps(wanted, real)


def parse_type(text: str) -> TypeName:
    """Take a type apart, as people or ``format_type`` write it. Never fails: an odd text is an unknown name."""
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


def _same_name(wanted: TypeName, real: TypeName) -> bool:
    if wanted.is_known or real.is_known:
        return (wanted.name, wanted.is_array) == (real.name, real.is_array)
    # Types of one's own. format_type leaves out the schema of what is in the search path, and puts capitals in quotes.
    same_schema = "" in (wanted.schema, real.schema) or wanted.schema == real.schema
    return same_schema and (wanted.name.lower(), wanted.is_array) == (real.name.lower(), real.is_array)


def _keeps(wanted: TypeName, real: TypeName) -> bool:
    if wanted.name == real.name:
        return _same_name(wanted, real) and _fits(wanted, real)
    if wanted.name == "numeric" and real.name in WHOLE_DIGITS:
        return not wanted.arguments or wanted.arguments[0] - wanted.arguments[1] >= WHOLE_DIGITS[real.name]
    return real.name in KEEPS.get(wanted.name, ()) and _fits(wanted, real)


def _fits(wanted: TypeName, real: TypeName) -> bool:
    """Whether length, precision and scale of the real type stay within what is promised."""
    if wanted.arguments == real.arguments:
        return True
    if wanted.name == "numeric":
        if not wanted.arguments or not real.arguments:
            return not wanted.arguments
        (precision, scale), (real_precision, real_scale) = wanted.arguments, real.arguments
        return real_scale <= scale and real_precision - real_scale <= precision - scale
    if wanted.name in WITH_SECONDS:
        return (real.arguments or (SECOND_DIGITS,)) <= (wanted.arguments or (SECOND_DIGITS,))
    if FAMILY.get(wanted.name) == "text":
        return not wanted.arguments or bool(real.arguments and real.arguments[0] <= wanted.arguments[0])
    # bit(3) holds exactly three bits, a vector(3) three numbers; a promise without a size takes any.
    return not wanted.arguments
