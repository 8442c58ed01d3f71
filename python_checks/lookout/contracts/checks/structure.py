"""A contract held against the columns, types and keys that a table really has."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from lookout.contracts.checks.names import FOLDED, real_names, resolve_names
from lookout.contracts.spec.model import (
    STRUCTURE,
    ColumnContract,
    Contract,
    ObservedColumn,
    ObservedTable,
    Violation,
    ViolationType,
)
from lookout.contracts.spec.types import compatible
from lookout.project.declarations.monitor import Severity

__all__ = ["check_structure", "resolve_names"]

# pg_class.relkind as people say it. Only the first five hold rows to look at.
KINDS = {
    "r": "a table", "p": "a partitioned table", "v": "a view", "m": "a materialized view", "f": "a foreign table",
    "S": "a sequence", "i": "an index", "I": "an index", "c": "a type",
}  # fmt: skip
READABLE_KINDS = ("r", "p", "v", "m", "f")
# Where the catalog can forbid nulls. A view has no constraints of its own, and its rows tell.
NULLABILITY_KINDS = ("r", "p")
# Where keys cannot be, whatever anybody promises: on a foreign table only its rows can tell.
WITHOUT_KEYS = ("f",)
PAYLOAD_TYPES = ("json", "jsonb")
NO_COLUMN = "no such column"


def check_structure(
    contract: Contract, observed: ObservedTable, *, user: str = ""
) -> tuple[tuple[Violation, ...], str]:
    """Violations of the structure, and a sentence when part of the contract cannot be evaluated ("" otherwise).

    Names of columns may be those of the contract or those of `resolve_names`. Catalogs are readable by everybody, so
    violations are found on tables that ``user`` may not read; the sentence then asks for what is missing.
    """
    if observed.kind not in READABLE_KINDS:
        return (_no_table(contract, observed),), ""
    if contract.payload:
        found = tuple(_payload(contract, observed))
    else:
        found = (*_columns(contract, observed), *_unexpected(contract, observed), *_keys(contract, observed))
    return found, _unreadable(contract, observed, user)


def _no_table(contract: Contract, observed: ObservedTable) -> Violation:
    if not observed.schema_exists:
        actual = f"no such table: there is no schema '{contract.schema}'"
    else:
        kind = KINDS.get(observed.kind or "", "something else")
        actual = f"no such table: {contract.asset} is {kind}" if observed.kind else "no such table"
    return _violation("", "MISSING_REQUIRED_FIELD", "a table", actual, "critical")


def _columns(contract: Contract, observed: ObservedTable) -> Iterator[Violation]:
    names = real_names(contract, observed)
    existing = {column.name: column for column in observed.columns}
    strangers = [name for name in existing if name not in names.values()]
    for promised in contract.columns:
        if promised.name not in names:
            if promised.is_required:
                yield _missing(promised, strangers)
            continue
        yield from _column(contract, promised, existing[names[promised.name]], observed)


def _missing(promised: ColumnContract, strangers: Collection[str]) -> Violation:
    hint = _similar(promised.name, strangers)
    actual = f"{NO_COLUMN}; did you mean '{hint}'?" if hint else NO_COLUMN
    return _violation(promised.name, "MISSING_REQUIRED_FIELD", promised.data_type or "a column", actual, "critical")


def _column(
    contract: Contract, promised: ColumnContract, real: ObservedColumn, observed: ObservedTable
) -> Iterator[Violation]:
    if promised.data_type and not compatible(promised.data_type, real):
        yield _violation(promised.name, "TYPE_CHANGED", promised.data_type, real.data_type, "critical")
    if promised.has_not_null_constraint and real.is_nullable and observed.kind in NULLABILITY_KINDS:
        yield _violation(promised.name, "NULLABILITY_VIOLATION", "not null", "nullable", _by_mode(contract))


def _unexpected(contract: Contract, observed: ObservedTable) -> Iterator[Violation]:
    """Columns that nobody promised. A contract that names no columns promises nothing about which there are."""
    if contract.unexpected == "ignore" or not contract.columns:
        return
    names = set(real_names(contract, observed).values())
    severity: Severity = "critical" if contract.unexpected == "fail" else "warning"
    for column in observed.columns:
        if column.name not in names:
            yield _violation(column.name, "UNEXPECTED_FIELD", "not in the contract", column.data_type, severity)


def _keys(contract: Contract, observed: ObservedTable) -> Iterator[Violation]:
    """Keys that a constraint promises and the catalog lacks. A key with a missing column is told by the column."""
    if observed.kind in WITHOUT_KEYS:
        return
    existing = {column.name for column in observed.columns}
    names = real_names(contract, observed)
    for key in contract.constrained_keys:
        real = {names.get(name, name) for name in key}
        # What is unique by fewer columns is unique by all of them.
        if real <= existing and not any(unique <= real for unique in observed.unique_keys):
            label = ", ".join(key)
            actual = "a view, which has no keys" if observed.kind == "v" else "no such key"
            yield _violation(label, "CONSTRAINT_VIOLATION", f"unique ({label})", actual, _by_mode(contract))


def _payload(contract: Contract, observed: ObservedTable) -> Iterator[Violation]:
    """The promised columns are fields of one column: that it exists and is json is all the catalog can tell."""
    expected = " or ".join(PAYLOAD_TYPES)
    existing = {column.name: column for column in observed.columns}
    column = existing.get(contract.payload) or existing.get(contract.payload.translate(FOLDED))
    if column is None:
        hint = _similar(contract.payload, existing)
        actual = f"{NO_COLUMN}; did you mean '{hint}'?" if hint else NO_COLUMN
        yield _violation(contract.payload, "MISSING_REQUIRED_FIELD", expected, actual, "critical")
    elif column.base_type not in PAYLOAD_TYPES:
        yield _violation(contract.payload, "TYPE_CHANGED", expected, column.data_type, "critical")


def _unreadable(contract: Contract, observed: ObservedTable, user: str) -> str:
    who = f"User '{user}'" if user else "Lookout's user"
    if not observed.is_usable:
        return f"{who} may not use schema {contract.schema}: grant usage on it."
    readable = {column.name for column in observed.columns if column.is_readable}
    if observed.columns and not readable:
        return f"{who} may not read {contract.asset}: grant select on it."
    wanted = {contract.payload} if contract.payload else set(real_names(contract, observed).values())
    hidden = [column.name for column in observed.columns if column.name in wanted - readable]
    if not hidden:
        return ""
    columns = f"column '{hidden[0]}'" if len(hidden) == 1 else f"columns {', '.join(hidden)}"
    return f"{who} may not read {columns} of {contract.asset}: grant select on it."


def _similar(word: str, known: Collection[str]) -> str:
    # A name that differs only in case is what a quoted one looks like; difflib alone would rank it lower.
    same = [name for name in known if name.lower() == word.lower()]
    close = same or difflib.get_close_matches(word, sorted(known), n=1)
    return close[0] if close else ""


def _by_mode(contract: Contract) -> Severity:
    return "critical" if contract.mode == "strict" else "warning"


def _violation(
    column_name: str, violation_type: ViolationType, expected: str, actual: str, severity: Severity
) -> Violation:
    return Violation(column_name, violation_type, STRUCTURE, expected, actual, severity)
