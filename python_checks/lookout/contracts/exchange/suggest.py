"""A first contract for a table, from its columns and a profile of its rows. Pure: the query is run elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from lookout.contracts.exchange.dbt_yaml import YamlColumn, YamlSource, YamlTable, write_models, write_sources
from lookout.contracts.exchange.suggest_query import (
    MOST_VALUES,
    NUMBERS,
    ColumnProfile,
    ColumnProfiles,
    family_of,
    looks_personal,
)
from lookout.contracts.spec.model import ObservedColumn, ObservedTable
from lookout.contracts.spec.types import known_type, suggested_type

# Fewer rows are not enough to suggest rules about values.
MIN_ROWS = 100
MIN_USES = 5
MAX_VALUE_LENGTH = 60
RANGE_MARGIN = Decimal("0.25")
# The suggested maximum length, as a multiple of the longest text.
LENGTH_GROWTH = 1.5
MAX_TEXT_LENGTH = 500

# An e-mail address, a number of a telephone or card, an IBAN.
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
    """Return dbt YAML with a contract that the table fulfils today.

    ``contract_name`` is ``source.table`` or the name of a model. ``schema`` and ``table`` are written where they differ
    from it, ``connection`` when it is not empty. Rules about values need enough rows, and unique needs a full read or
    an index.
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
    sample_text = {"": "", "random": "a sample of ", "first": "the first "}[profile.sample]
    yield (
        f"Suggested from {sample_text}{profile.rows:,} rows. It says what the data is, not what it should be: "
        "read it first."
    )
    if profile.sample == "random":
        yield "Rows that were not read may break the rules about values: hold it against the whole table once."
    if profile.sample == "first":
        yield "The first rows of a view tell little about the others: no rules about values are suggested."
    if profile.rows < MIN_ROWS:
        yield f"So few rows prove little: rules about values are suggested from {MIN_ROWS} rows on."
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
    if found is None or profile.rows < MIN_ROWS or profile.sample == "first":
        return YamlColumn(
            column.name, data_type, is_nullable=column.is_nullable, is_unique=is_key, comments=tuple(comments)
        )
    is_private = looks_personal(column.name) or any(PERSONAL_VALUE.search(value) for value in found.values or ())
    if is_private:
        comments.append(PERSONAL_NOTE.format(name=column.name))
    is_distinct = found.distinct == profile.rows - found.nulls and found.distinct >= MIN_ROWS
    is_unique = is_key or (is_distinct and not profile.sample and _is_key_name(column.name, table))
    values = () if is_private else _accepted_values(column, found)
    contract: dict[str, Any] = {}
    if not is_private and not values and not is_unique:
        contract = _range(column, found) or _lengths(column, found)
    return YamlColumn(
        column.name,
        data_type,
        is_nullable=column.is_nullable and found.nulls > 0,
        is_unique=is_unique,
        accepted_values=values,
        contract=contract,
        comments=tuple(comments),
    )


def _is_key_name(column: str, table: str) -> bool:
    """Return whether a column is named as the key of its own table: ``id``, ``uuid``, ``order_id`` of ``orders``."""
    stems = {table.lower(), table.lower().removesuffix("s"), re.sub("ies$", "y", table.lower())}
    stems |= {stem.split("_", 1)[-1] for stem in stems}
    key_names = {"id", "uuid", "guid", "key"}
    for stem in stems:
        key_names |= {f"{stem}_{word}" for word in ("id", "key", "uuid", "no", "number", "code")}
    return column.lower() in key_names


def _accepted_values(column: ObservedColumn, found: ColumnProfile) -> tuple[str, ...]:
    values = found.values or ()
    is_text = family_of(column) == "text" or column.category == "E"
    is_short = all(value.strip() and len(value) <= MAX_VALUE_LENGTH for value in values)
    is_list = len(values) <= MOST_VALUES and found.least_uses >= MIN_USES
    return values if is_text and is_short and is_list else ()


def _range(column: ObservedColumn, found: ColumnProfile) -> dict[str, Any]:
    """Return the observed range widened by a quarter on either side, in round numbers; zero is never crossed."""
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
    lowest = ((low - width * RANGE_MARGIN) / step).to_integral_value(ROUND_FLOOR) * step
    highest = ((high + width * RANGE_MARGIN) / step).to_integral_value(ROUND_CEILING) * step
    lowest = max(lowest, Decimal(0)) if low >= 0 else lowest
    highest = min(highest, Decimal(0)) if high <= 0 else highest
    return {"min": _number(lowest), "max": _number(highest)}


def _lengths(column: ObservedColumn, found: ColumnProfile) -> dict[str, Any]:
    if family_of(column) != "text" or not found.shortest or not found.longest:
        return {}
    if found.shortest == found.longest:
        return {"min_length": found.shortest, "max_length": found.longest}
    if found.longest > MAX_TEXT_LENGTH:
        return {"min_length": 1}
    # Rounded up to the next ten.
    longest = -(-int(found.longest * LENGTH_GROWTH) // 10) * 10
    return {"min_length": 1, "max_length": longest}


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
