"""A first contract for a table, written from what its columns and rows are today. Pure: the query is run elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from psycopg2 import sql

from python_checks.contracts.dbt_yaml import YamlColumn, YamlSource, YamlTable, write_models, write_sources
from python_checks.contracts.model import ObservedColumn, ObservedTable
from python_checks.contracts.types import known_type, suggested_type, type_family

SAMPLE_ROWS = 100_000
# With fewer rows, what was never seen proves little.
ENOUGH_ROWS = 100
MOST_VALUES = 12
LEAST_USES = 5
LONGEST_VALUE = 60
MARGIN = Decimal("0.25")
# Share of a length that it may grow by.
GROWTH = 1.5
LONGEST_TEXT = 500

NUMBERS = ("integer", "number")
ORDERED = (*NUMBERS, "date", "timestamp", "time")
COUNTED = (*ORDERED, "text", "boolean", "uuid")
# Words of a name, and parts of a longer one, that tell of a person or a secret.
PERSONAL_WORDS = frozenset(
    ("name", "names", "mail", "tel", "fax", "dob", "ssn", "sin", "nin", "nino", "iban", "bic", "cvv", "cvc", "pan",
     "card", "pin", "pwd", "ip", "user", "login", "zip", "city", "born", "gender", "sex", "salary")
)  # fmt: skip
PERSONAL_PARTS = (
    "email", "phone", "mobile", "address", "street", "postal", "postcode", "zipcode", "birth", "surname", "firstname",
    "lastname", "fullname", "username", "nickname", "passport", "password", "passwd", "token", "secret", "credential",
    "apikey", "creditcard", "iban", "socialsecurity", "taxid", "religion", "ethnic", "diagnosis", "account",
)  # fmt: skip
PERSONAL_VALUE = re.compile(
    r"[^@\s]+@[^@\s]+\.[a-z]{2,}|^\+?[\d\s()./-]{9,}$|^[A-Z]{2}\d{2}[A-Z0-9 ]{11,}$", re.IGNORECASE
)
PERSONAL_NOTE = "{name} looks personal: no values, ranges or lengths are written here."


@dataclass(frozen=True)
class ColumnProfile:
    """What the rows of one column are. Values are texts; ``values`` is None for too many values and private ones.

    ``least_uses`` is how often the rarest value stands there, ``distinct`` is None for types that cannot be compared.
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
    """What the rows of one table are; ``is_sample`` tells that not all of them were read."""

    rows: int = 0
    is_sample: bool = False
    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)


def looks_personal(name: str) -> bool:
    """Whether the name of a column tells of a person or a secret; better once too often."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    joined = re.sub(r"[^a-z0-9]", "", spaced)
    return bool(PERSONAL_WORDS & set(re.split(r"[^a-z]+", spaced))) or any(part in joined for part in PERSONAL_PARTS)


def plan_suggestion(
    schema: str, table: str, observed: ObservedTable, sample_rows: int = SAMPLE_ROWS
) -> sql.Composable | None:
    """One statement that profiles all readable columns, a row each; None when there is no column to read.

    Of a table much larger than ``sample_rows``, as far as the statistics tell, it reads pages at random; of a view or
    foreign table, which cannot be sampled, the first rows. Values of columns that look personal are never asked for.
    """
    columns = [column for column in observed.columns if column.is_readable]
    if not columns:
        return None
    can_sample = observed.kind in ("r", "p", "m")
    steps = [
        _share(schema, table, sample_rows) if can_sample else sql.SQL("share as (\n    select 100.0 as percent\n)")
    ]
    steps.append(
        sql.SQL("sampled as materialized (\n    select {columns}\n    from {table}{how}\n    limit {limit}\n)").format(
            columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
            table=sql.Identifier(schema, table),
            how=sql.SQL(" tablesample system ((select percent from share)) repeatable (0)" if can_sample else ""),
            limit=sql.Literal(2 * sample_rows if can_sample else sample_rows),
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
    counted = [column for column in observed.columns if column.is_readable and not _is_counted(column)]
    found: dict[str, ColumnProfile] = {}
    total, is_sample = 0, False
    limit = 2 * sample_rows if observed.kind in ("r", "p", "m") else sample_rows
    for position, percent, seen, nulls, distinct, minimum, maximum, shortest, longest, least, values in rows:
        total, is_sample = int(seen), float(percent or 100) < 100 or int(seen) >= limit
        found[names[position]] = ColumnProfile(
            int(nulls), int(distinct), minimum, maximum, shortest, longest, int(least or 0),
            None if values is None else tuple(values),
        )  # fmt: skip
    for column in counted:
        if column.name in found:
            found[column.name] = replace(found[column.name], distinct=None)
    return ColumnProfiles(total, is_sample, found)


def suggest(
    contract_name: str,
    observed: ObservedTable,
    profile: ColumnProfiles,
    *,
    schema: str = "",
    table: str = "",
    connection: str = "",
    is_model: bool = False,
) -> str:
    """dbt YAML with a contract that the table keeps today: ``source.table``, or the name of a model.

    ``schema`` and ``table`` say where it is, where that differs from the name; ``connection`` is written when given.
    Rules about values need enough rows, and only a full read or an index tells that values are unique.
    """
    source, _, name = contract_name.rpartition(".")
    keys = sorted(sorted(key) for key in observed.unique_keys if len(key) > 1)
    entry = YamlTable(
        name=name,
        columns=tuple(_column(column, observed, profile, name) for column in observed.columns),
        contract={"keys": keys} if keys else {},
        settings={"connection": connection} if connection else {},
        identifier=table,
        comments=tuple(_notes(observed, profile)),
    )
    if is_model:
        return write_models((entry,))
    return write_sources(YamlSource(source or schema or name, schema), (entry,))


def _share(schema: str, table: str, sample_rows: int) -> sql.Composable:
    # As the planner does it: rows a page when last analyzed, times the pages of today. Before the first analyze a row
    # is taken for 64 bytes.
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
    family, is_private = _family(column), looks_personal(column.name)
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
        position=sql.Literal(position), extremes=sql.SQL(", ").join(map(sql.SQL, (least, most, shortest, longest))),
        values=sql.SQL(values), step=sql.Identifier(f"column_{position}"),
    )  # fmt: skip


def _family(column: ObservedColumn) -> str:
    return type_family(column.domain_type or column.data_type) or "other"


def _is_counted(column: ObservedColumn) -> bool:
    return _family(column) in COUNTED or column.category == "E"


def _notes(observed: ObservedTable, profile: ColumnProfiles) -> Iterator[str]:
    kind = "a sample of " if profile.is_sample else ""
    yield f"Suggested from {kind}{profile.rows:,} rows. It says what the data is, not what it should be: read it first."
    if profile.rows < ENOUGH_ROWS:
        yield f"So few rows prove little: rules about values are suggested from {ENOUGH_ROWS} rows on."
    hidden = [column.name for column in observed.columns if not column.is_readable]
    if hidden:
        yield f"Not readable, so only the type is promised: {', '.join(hidden)}."


def _column(column: ObservedColumn, observed: ObservedTable, profile: ColumnProfiles, table: str) -> YamlColumn:
    comments: list[str] = []
    data_type = column.data_type
    if not known_type(data_type) and suggested_type(data_type):
        comments.append(f"The type {data_type} is one of the database's own; promise it by hand.")
        data_type = ""
    found = profile.columns.get(column.name)
    is_key = frozenset((column.name,)) in observed.unique_keys
    if found is None or profile.rows < ENOUGH_ROWS:
        return YamlColumn(
            column.name, data_type, is_nullable=column.is_nullable, is_unique=is_key, comments=tuple(comments)
        )
    is_private = looks_personal(column.name) or any(PERSONAL_VALUE.search(value) for value in found.values or ())
    if is_private:
        comments.append(PERSONAL_NOTE.format(name=column.name))
    is_distinct = found.distinct == profile.rows - found.nulls and found.distinct >= ENOUGH_ROWS
    is_unique = is_key or (is_distinct and not profile.is_sample and _names_key(column.name, table))
    values = () if is_private else _accepted(column, found)
    promises: dict[str, Any] = {}
    if not is_private and not values and not is_unique:
        promises = _range(column, found) or _lengths(column, found)
    return YamlColumn(
        column.name, data_type, is_nullable=column.is_nullable and found.nulls > 0, is_unique=is_unique,
        accepted_values=values, promises=promises, comments=tuple(comments),
    )  # fmt: skip


def _names_key(column: str, table: str) -> bool:
    """Whether a name says that it identifies a row of its own table: ``id``, ``uuid``, ``order_id`` of ``orders``."""
    stems = {table.lower(), table.lower().removesuffix("s"), re.sub("ies$", "y", table.lower())}
    stems |= {stem.split("_", 1)[-1] for stem in stems}
    own = {f"{stem}_{word}" for stem in stems for word in ("id", "key", "uuid", "no", "number", "code")}
    return column.lower() in {"id", "uuid", "guid", "key", *own}


def _accepted(column: ObservedColumn, found: ColumnProfile) -> tuple[str, ...]:
    values = found.values or ()
    is_text = _family(column) == "text" or column.category == "E"
    is_short = all(value.strip() and len(value) <= LONGEST_VALUE for value in values)
    return values if is_text and is_short and len(values) <= MOST_VALUES and found.least_uses >= LEAST_USES else ()


def _range(column: ObservedColumn, found: ColumnProfile) -> dict[str, Any]:
    """What was seen and a quarter of its width on either side, in round numbers; zero stays the limit it was."""
    is_reference = re.search(r"(^|_)(id|key|no|number|code|uuid)$", column.name.lower())
    if _family(column) not in NUMBERS or is_reference or found.minimum is None or found.maximum is None:
        return {}
    try:
        low, high = Decimal(found.minimum), Decimal(found.maximum)
    except InvalidOperation:
        return {}
    if not (low.is_finite() and high.is_finite()) or low == high:
        return {}
    width = high - low
    step = Decimal(1).scaleb(width.adjusted() - 1)
    step = max(step, Decimal(1)) if _family(column) == "integer" else step
    lowest = ((low - width * MARGIN) / step).to_integral_value(ROUND_FLOOR) * step
    highest = ((high + width * MARGIN) / step).to_integral_value(ROUND_CEILING) * step
    lowest = max(lowest, Decimal(0)) if low >= 0 else lowest
    highest = min(highest, Decimal(0)) if high <= 0 else highest
    return {"min": _number(lowest), "max": _number(highest)}


def _lengths(column: ObservedColumn, found: ColumnProfile) -> dict[str, Any]:
    if _family(column) != "text" or not found.shortest or not found.longest:
        return {}
    if found.shortest == found.longest:
        return {"min_length": found.shortest, "max_length": found.longest}
    longest = -(-int(found.longest * GROWTH) // 10) * 10
    return {"min_length": 1, **({"max_length": longest} if found.longest <= LONGEST_TEXT else {})}


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
