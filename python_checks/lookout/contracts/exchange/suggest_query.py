"""The statement that profiles the rows of a table, from which a contract is suggested. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from psycopg2 import sql

from lookout.contracts.spec.model import ObservedColumn, ObservedTable
from lookout.contracts.spec.types import type_family

SAMPLE_ROWS = 100_000
# More different values than this are not listed.
MOST_VALUES = 12
# Kinds of relations that TABLESAMPLE works on: tables, partitioned tables and materialized views.
CAN_SAMPLE = ("r", "p", "m")
NUMBERS = ("integer", "number")
ORDERED = (*NUMBERS, "date", "timestamp", "time")
COUNTED = (*ORDERED, "text", "boolean", "uuid")
# Words of a name, and parts of a longer one, that suggest personal data or a secret.
PERSONAL_WORDS = frozenset(
    (
        "name",
        "names",
        "mail",
        "tel",
        "fax",
        "dob",
        "ssn",
        "sin",
        "nin",
        "nino",
        "iban",
        "bic",
        "cvv",
        "cvc",
        "pan",
        "card",
        "pin",
        "pwd",
        "ip",
        "user",
        "login",
        "zip",
        "city",
        "born",
        "gender",
        "sex",
        "salary",
    )
)
PERSONAL_PARTS = (
    "email", "phone", "mobile", "address", "street", "postal", "postcode", "zipcode", "birth", "surname", "firstname",
    "lastname", "fullname", "username", "nickname", "passport", "password", "passwd", "token", "secret", "credential",
    "apikey", "creditcard", "iban", "socialsecurity", "taxid", "religion", "ethnic", "diagnosis", "account",
)  # fmt: skip


@dataclass(frozen=True)
class ColumnProfile:
    """The profile of one column. Values are texts; ``values`` is None for too many values and for private ones.

    ``least_uses`` counts the rows of the rarest value, ``distinct`` is None for types that cannot be compared.
    """

    nulls: int
    distinct: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    shortest: int | None = None
    longest: int | None = None
    least_uses: int = 0
    values: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ColumnProfiles:
    """The profile of one table; ``sample`` is the kind of sample that was read, empty for all rows."""

    rows: int = 0
    sample: Literal["", "random", "first"] = ""
    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)


def looks_personal(name: str) -> bool:
    """Return whether the name of a column suggests personal data or a secret; rather true too often."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    joined = re.sub(r"[^a-z0-9]", "", spaced)
    has_word = bool(PERSONAL_WORDS & set(re.split(r"[^a-z]+", spaced)))
    return has_word or any(part in joined for part in PERSONAL_PARTS)


def plan_suggestion(
    schema: str, table: str, observed: ObservedTable, sample_rows: int = SAMPLE_ROWS
) -> sql.Composable | None:
    """Build the statement that profiles all readable columns, a row each; None when there is no column to read.

    Of a table that is much larger than ``sample_rows`` by its statistics, it reads pages at random; of a view or
    foreign table, which cannot be sampled, the first rows. Values of columns that look personal are never selected.
    """
    columns = [column for column in observed.columns if column.is_readable]
    if not columns:
        return None
    can_sample = observed.kind in CAN_SAMPLE
    all_rows = sql.SQL("share as (\n    select 100.0 as percent\n)")
    steps = [_share(schema, table, sample_rows) if can_sample else all_rows]
    steps.append(
        sql.SQL("sampled as materialized (\n    select {columns}\n    from {table}{how}\n    limit {limit}\n)").format(
            columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
            table=sql.Identifier(schema, table),
            how=sql.SQL(" tablesample system ((select percent from share)) repeatable (0)" if can_sample else ""),
            limit=sql.Literal(_limit(observed, sample_rows)),
        )
    )
    steps += [_counted(position, column) for position, column in enumerate(columns)]
    results = [_result(position, column) for position, column in enumerate(columns)]
    return sql.SQL("with {steps}\n\n{results}").format(
        steps=sql.SQL(",\n\n").join(steps), results=sql.SQL("\nunion all\n").join(results)
    )


def read_suggestion(
    observed: ObservedTable, rows: Sequence[Sequence[Any]], sample_rows: int = SAMPLE_ROWS
) -> ColumnProfiles:
    """Turn the rows of the statement into profiles by column."""
    names = [column.name for column in observed.columns if column.is_readable]
    uncounted = [column for column in observed.columns if column.is_readable and not _is_counted(column)]
    found: dict[str, ColumnProfile] = {}
    total, is_sample, can_sample = 0, False, observed.kind in CAN_SAMPLE
    for position, percent, seen, nulls, distinct, minimum, maximum, shortest, longest, least, values in rows:
        total = int(seen)
        is_sample = float(percent or 100) < 100 or total >= _limit(observed, sample_rows)
        found[names[position]] = ColumnProfile(
            int(nulls),
            int(distinct),
            minimum,
            maximum,
            shortest,
            longest,
            int(least or 0),
            None if values is None else tuple(values),
        )
    for column in uncounted:
        if column.name in found:
            found[column.name] = replace(found[column.name], distinct=None)
    sample: Literal["", "random", "first"] = ""
    if is_sample:
        sample = "random" if can_sample else "first"
    return ColumnProfiles(total, sample, found)


def _limit(observed: ObservedTable, sample_rows: int) -> int:
    # Statistics may be out of date, which makes a sample larger than intended.
    return 2 * sample_rows if observed.kind in CAN_SAMPLE else sample_rows


def _share(schema: str, table: str, sample_rows: int) -> sql.Composable:
    # As the planner does it: rows a page when last analyzed, times the pages of today. Before the first analyze a row
    # counts as 64 bytes.
    return sql.SQL(
        "share as (\n    select least(100.0, greatest(0.0001, 100.0 * {sample} / greatest(1.0, case\n"
        "        when pg_class.reltuples > 0 and pg_class.relpages > 0\n"
        "            then pg_class.reltuples::float8 / pg_class.relpages * greatest(\n"
        "                pg_class.relpages, pg_relation_size(pg_class.oid) / current_setting('block_size')::bigint\n"
        "            )\n"
        "        when pg_class.reltuples > 0 then pg_class.reltuples::float8\n"
        "        else pg_relation_size(pg_class.oid) / 64.0\n"
        "    end))) as percent\n"
        "    from pg_catalog.pg_class\n"
        "    inner join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace\n"
        "    where pg_namespace.nspname = {schema} and pg_class.relname = {table}\n)"
    ).format(sample=sql.Literal(sample_rows), schema=sql.Literal(schema), table=sql.Literal(table))


def _counted(position: int, column: ObservedColumn) -> sql.Composable:
    value = sql.SQL("{column}" if _is_counted(column) else "case when {column} is not null then true end")
    return sql.SQL(
        "{step} as (\n    select {value} as value, count(*) as uses\n    from sampled\n    group by 1\n)"
    ).format(step=sql.Identifier(f"column_{position}"), value=value.format(column=sql.Identifier(column.name)))


def _result(position: int, column: ObservedColumn) -> sql.Composable:
    family, is_private = family_of(column), looks_personal(column.name)
    least, most, shortest, longest, values = "null::text", "null::text", "null::int", "null::int", "null::text[]"
    if family in NUMBERS and not is_private:
        least, most = "min(value)::text", "max(value)::text"
    if family == "text" and not is_private:
        shortest, longest = "min(length(value::text))", "max(length(value::text))"
    if (family == "text" or column.category == "E") and not is_private:
        values = (
            f"case when count(value) <= {MOST_VALUES} "
            "then array_agg(value::text order by value::text) filter (where value is not null) end"
        )
    return sql.SQL(
        "select\n    {position},\n    max(share.percent),\n    coalesce(sum(uses), 0),\n"
        "    coalesce(sum(uses) filter (where value is null), 0),\n    count(value),\n    {extremes},\n"
        "    min(uses) filter (where value is not null),\n    {values}\nfrom {step}\ncross join share"
    ).format(
        position=sql.Literal(position),
        extremes=sql.SQL(", ").join(map(sql.SQL, (least, most, shortest, longest))),
        values=sql.SQL(values),
        step=sql.Identifier(f"column_{position}"),
    )


def family_of(column: ObservedColumn) -> str:
    """Return the family of the type of a column, below any domain; ``other`` for user-defined types."""
    return type_family(column.domain_type or column.data_type) or "other"


def _is_counted(column: ObservedColumn) -> bool:
    return family_of(column) in COUNTED or column.category == "E"
