"""A first contract for a table, written from what its columns and rows are today. Pure: the query is run elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from lookout.contracts.exchange.dbt_yaml import YamlColumn, YamlSource, YamlTable, write_models, write_sources
from lookout.contracts.exchange.suggest_query import (
    MOST_VALUES,
    NUMBERS,
    SAMPLE_ROWS,
    ColumnProfile,
    ColumnProfiles,
    family_of,
    looks_personal,
    plan_suggestion,
    read_suggestion,
)
from lookout.contracts.spec.model import ObservedColumn, ObservedTable
from lookout.contracts.spec.types import known_type, suggested_type

__all__ = ["SAMPLE_ROWS", "ColumnProfiles", "looks_personal", "plan_suggestion", "read_suggestion", "suggest"]

# With fewer rows, what was never seen proves little.
ENOUGH_ROWS = 100
LEAST_USES = 5
LONGEST_VALUE = 60
MARGIN = Decimal("0.25")
# Share of a length that it may grow by.
GROWTH = 1.5
LONGEST_TEXT = 500

# An address of mail, a number of a telephone or card, an IBAN.
PERSONAL_VALUE = re.compile(
    r"[^@\s]+@[^@\s]+\.[a-z]{2,}|^\+?[\d\s()./-]{9,}$|^[A-Z]{2}\d{2}[A-Z0-9 ]{11,}$", re.IGNORECASE
)
PERSONAL_NOTE = "{name} looks personal: no values, ranges or lengths are written here."


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


def _notes(observed: ObservedTable, profile: ColumnProfiles) -> Iterator[str]:
    kind = {"": "", "random": "a sample of ", "first": "the first "}[profile.sample]
    yield f"Suggested from {kind}{profile.rows:,} rows. It says what the data is, not what it should be: read it first."
    if profile.sample == "random":
        yield "Rows that were not read may break the rules about values: hold it against the whole table once."
    if profile.sample == "first":
        yield "The first rows of a view tell little about the others: no rules about values are suggested."
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
    if found is None or profile.rows < ENOUGH_ROWS or profile.sample == "first":
        return YamlColumn(
            column.name, data_type, is_nullable=column.is_nullable, is_unique=is_key, comments=tuple(comments)
        )
    is_private = looks_personal(column.name) or any(PERSONAL_VALUE.search(value) for value in found.values or ())
    if is_private:
        comments.append(PERSONAL_NOTE.format(name=column.name))
    is_distinct = found.distinct == profile.rows - found.nulls and found.distinct >= ENOUGH_ROWS
    is_unique = is_key or (is_distinct and not profile.sample and _names_key(column.name, table))
    values = () if is_private else _accepted(column, found)
    promises: dict[str, Any] = {}
    if not is_private and not values and not is_unique:
        promises = _range(column, found) or _lengths(column, found)
    return YamlColumn(
        column.name,
        data_type,
        is_nullable=column.is_nullable and found.nulls > 0,
        is_unique=is_unique,
        accepted_values=values,
        promises=promises,
        comments=tuple(comments),
    )


def _names_key(column: str, table: str) -> bool:
    """Whether a name says that it identifies a row of its own table: ``id``, ``uuid``, ``order_id`` of ``orders``."""
    stems = {table.lower(), table.lower().removesuffix("s"), re.sub("ies$", "y", table.lower())}
    stems |= {stem.split("_", 1)[-1] for stem in stems}
    own = {f"{stem}_{word}" for stem in stems for word in ("id", "key", "uuid", "no", "number", "code")}
    return column.lower() in {"id", "uuid", "guid", "key", *own}


def _accepted(column: ObservedColumn, found: ColumnProfile) -> tuple[str, ...]:
    values = found.values or ()
    is_text = family_of(column) == "text" or column.category == "E"
    is_short = all(value.strip() and len(value) <= LONGEST_VALUE for value in values)
    return values if is_text and is_short and len(values) <= MOST_VALUES and found.least_uses >= LEAST_USES else ()


def _range(column: ObservedColumn, found: ColumnProfile) -> dict[str, Any]:
    """What was seen and a quarter of its width on either side, in round numbers; zero stays the limit it was."""
    is_reference = re.search(r"(^|_)(id|key|no|number|code|uuid)$", column.name.lower())
    if family_of(column) not in NUMBERS or is_reference or found.minimum is None or found.maximum is None:
        return {}
    try:
        low, high = Decimal(found.minimum), Decimal(found.maximum)
    except InvalidOperation:
        return {}
    if not (low.is_finite() and high.is_finite()) or low == high:
        return {}
    width = high - low
    step = Decimal(1).scaleb(width.adjusted() - 1)
    step = max(step, Decimal(1)) if family_of(column) == "integer" else step
    lowest = ((low - width * MARGIN) / step).to_integral_value(ROUND_FLOOR) * step
    highest = ((high + width * MARGIN) / step).to_integral_value(ROUND_CEILING) * step
    lowest = max(lowest, Decimal(0)) if low >= 0 else lowest
    highest = min(highest, Decimal(0)) if high <= 0 else highest
    return {"min": _number(lowest), "max": _number(highest)}


def _lengths(column: ObservedColumn, found: ColumnProfile) -> dict[str, Any]:
    if family_of(column) != "text" or not found.shortest or not found.longest:
        return {}
    if found.shortest == found.longest:
        return {"min_length": found.shortest, "max_length": found.longest}
    longest = -(-int(found.longest * GROWTH) // 10) * 10
    return {"min_length": 1, **({"max_length": longest} if found.longest <= LONGEST_TEXT else {})}


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
