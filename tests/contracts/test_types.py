"""Which real types keep a promised type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout.contracts.checks.catalog import observe
from lookout.contracts.spec.model import ObservedColumn
from lookout.contracts.spec.types import compatible, known_type, suggested_type, type_family
from lookout.database.connection import connect
from tests.conftest import Server


def column(data_type: str, domain_type: str = "", category: str = "") -> ObservedColumn:
    return ObservedColumn("x", data_type, "", True, domain_type=domain_type, category=category)


@pytest.mark.parametrize(
    ("promised", "observed"),
    [
        ("int", "integer"), ("INT4", "integer"), ("serial", "integer"), ("bigint", "integer"), ("int8", "smallint"),
        ("numeric(12,2)", "numeric(12,2)"), ("numeric( 12 , 2 )", "numeric(10,2)"), ("decimal", "numeric(38,9)"),
        ("numeric(12)", "numeric(12,0)"), ("numeric(12,2)", "integer"), ("numeric", "bigint"), ("dec(7,2)", "smallint"),
        ("varchar", "text"), ("text", "character varying(5)"), ("varchar(10)", "character varying(10)"),
        ("varchar(10)", "character varying(9)"), ("character varying(10)", "character(3)"), ("char", "character(1)"),
        ("text", "citext"), ("timestamptz", "timestamp with time zone"), ("timestamp", "timestamp without time zone"),
        ("timestamp(6)", "timestamp without time zone"), ("timestamptz", "timestamp(3) with time zone"),
        ("double precision", "real"), ("float", "double precision"), ("float", "numeric(12,2)"), ("float", "integer"),
        ("float(24)", "real"), ("bool", "boolean"), ("string", "character varying(50)"), ("string", "uuid"),
        ("number", "bigint"), ("integer", "smallint"), ("datetime", "timestamp with time zone"), ("array", "text[]"),
        ("array", "jsonb"), ("object", "jsonb"), ("json", "jsonb"), ("text[]", "text[]"), ("int[]", "smallint[]"),
        ("text array", "text[]"), ("int[][]", "integer[]"), ("varchar(9)[]", "character varying(5)[]"),
        ("interval", "interval year to month"), ("mood", "mood"), ("MOOD", "mood"), ("public.mood", "mood"),
        ("mood", "app.mood"), ('"My Type"', '"My Type"'), ("My Type", '"My Type"'), ('app."a.b"', 'app."a.b"'),
        ("vector(3)", "vector(3)"), ("mood[]", "mood[]"), ("pg_catalog.int4", "integer"), ('"char"', '"char"'),
        ("variant", "variant"),
    ],
)  # fmt: skip
def test_what_can_be_read_as_promised_keeps_the_promise(promised: str, observed: str) -> None:
    assert compatible(promised, column(observed))


@pytest.mark.parametrize(
    ("promised", "observed"),
    [
        ("integer", "bigint"), ("integer", "text"), ("integer", "numeric"), ("smallint", "integer"),
        ("numeric(12,2)", "numeric(12,3)"), ("numeric(12,2)", "numeric(13,2)"), ("numeric(12,2)", "numeric"),
        ("numeric(12,2)", "bigint"), ("numeric(12,2)", "double precision"), ("numeric(9,2)", "integer"),
        ("varchar(10)", "text"), ("varchar(10)", "character varying(11)"), ("char(2)", "character(3)"),
        ("text", "integer"), ("text", "uuid"), ("text", "jsonb"), ("timestamp", "timestamp with time zone"),
        ("timestamptz", "timestamp without time zone"), ("timestamp", "date"), ("datetime", "date"),
        ("timestamp(3)", "timestamp without time zone"), ("date", "timestamp without time zone"), ("real", "integer"),
        ("double precision", "bigint"), ("double precision", "numeric(12,2)"), ("string", "integer"),
        ("number", "text"), ("float", "text"), ("boolean", "integer"), ("integer", "boolean"), ("object", "text"),
        ("array", "text"), ("jsonb", "json"), ("text[]", "text"), ("text", "text[]"), ("smallint[]", "integer[]"),
        ("string", "text[]"), ("mood", "text"), ("text", "mood"), ("app.mood", "other.mood"), ("bit(3)", "bit(4)"),
        ("mood", "mood[]"), ("interval year to month", "interval"), ("vector(3)", "vector(4)"), ("", "text"),
    ],
)  # fmt: skip
def test_what_is_wider_or_something_else_breaks_it(promised: str, observed: str) -> None:
    assert not compatible(promised, column(observed))


def test_domains_enums_and_composites() -> None:
    money = column("app.amount", "numeric(10,2)")
    assert compatible("amount", money)
    assert compatible("numeric(12,2)", money)
    assert not compatible("numeric(8,2)", money)
    assert compatible("int[]", column("tags", "integer[]"))
    assert compatible("string", column("mood", category="E"))
    assert compatible("object", column("address", category="C"))
    assert not compatible("text", column("mood", category="E"))


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("varchar(5)", "text"), ("string", "text"), ("bigint", "integer"), ("integer", "integer"), ("float", "number"),
        ("numeric(3,1)", "number"), ("boolean", "boolean"), ("datetime", "timestamp"), ("timestamptz(3)", "timestamp"),
        ("date", "date"), ("time", "time"), ("object", "json"), ("jsonb", "json"), ("uuid", "uuid"),
        ("bytea", "binary"), ("int[]", "array"), ("mood[]", "array"), ("array", "array"), ("inet", "other"),
        ("interval", "other"), ("mood", None), ("", None),
    ],
)  # fmt: skip
def test_families(text: str, family: str | None) -> None:
    assert type_family(text) == family
    assert known_type(text) == (family is not None and not text.startswith("mood"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("integr", "integer"), ("timestmap", "timestamp"), ("varchar2(20)", "varchar"), ("Strng", "string"),
        ("varchar(max)", "varchar"), ("mood", ""), ("app.integr", ""), ('"integr"', ""), ("integer", ""),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_told_from_a_type_of_ones_own(text: str, meant: str) -> None:
    assert suggested_type(text) == meant


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_is_too_odd_for_a_type(promised: str, observed: str) -> None:
    compatible(promised, column(observed))
    assert compatible(observed, column(" ".join(observed.split())))
    known_type(promised), type_family(promised), suggested_type(promised)


def test_every_type_keeps_its_own_promise_on_a_real_table(server: Server) -> None:
    """What ``create table`` was given and what the catalog prints of it are the same type, for every known one."""
    written = [
        "smallint", "int2", "integer", "int", "int4", "bigint", "int8", "serial", "bigserial", "decimal", "numeric(7,3)",
        "dec(4)", "real", "float4", "double precision", "float8", "float", "float(3)", "float(53)", "boolean", "bool",
        "text", "character varying(7)", "varchar", "char varying(3)", "char", "character(4)", "bpchar", "name",
        "timestamptz", "timestamp(3) with time zone", "timestamp", "timestamp(0)", "date", "time", "time(2)",
        "time with time zone", "timetz", "interval", "interval(3)", "interval day to second(2)", "json", "jsonb", "uuid",
        "bytea", "bit(3)", "bit", "bit varying(4)", "varbit", "money", "xml", "inet", "oid", '"char"', "int4range",
        "integer[]", "integer array", "varchar(4)[]", "numeric(6,2)[][]", "tsvector", "app.amount", 'app."Odd Mood"',
        "app.nested", 'app."Odd Mood"[]',
    ]  # fmt: skip
    handle = connect(server.create_database())
    handle.autocommit = True
    with handle, handle.cursor() as cursor:
        cursor.execute('create schema app; create type app."Odd Mood" as enum (%s)', ("fine",))
        cursor.execute("create domain app.amount as numeric(10,2); create domain app.nested as app.amount not null")
        cursor.execute(f"create table t ({', '.join(f'c{number} {text}' for number, text in enumerate(written))})")

        def ask(query: str, parameters: object) -> list[tuple[object, ...]]:
            cursor.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall()

        columns = observe(ask, [("public", "t")])["public", "t"].columns
    handle.close()
    assert [text for text, real in zip(written, columns, strict=True) if not compatible(text, real)] == []
    nested = columns[written.index("app.nested")]
    assert (nested.base_type, nested.domain_type, nested.is_nullable) == ("numeric", "numeric(10,2)", False)
    assert compatible("numeric(10,2)", nested)
    assert compatible("string", columns[written.index('app."Odd Mood"')])
