"""Checks of a contract against the columns, types and keys of the real table."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from lookout.contracts.checks.names import FOLDED, real_names
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
from lookout.engines.catalog import READABLE_KINDS
from lookout.project.declarations.monitor import Severity

# Words for pg_class.relkind.
KINDS = {
    "r": "a table", "p": "a partitioned table", "v": "a view", "m": "a materialized view", "f": "a foreign table",
    "S": "a sequence", "i": "an index", "I": "an index", "c": "a type",
}  # fmt: skip
# Kinds whose catalog can forbid nulls. A view has no constraints of its own: its rows are checked instead.
NULLABILITY_KINDS = ("r", "p")
# Kinds that cannot have keys: the rows of a foreign table are checked instead.
WITHOUT_KEYS = ("f",)
PAYLOAD_TYPES = ("json", "jsonb")
NO_COLUMN = "no such column"


def check_structure(
    contract: Contract, observed: ObservedTable, *, user: str = ""
) -> tuple[tuple[Violation, ...], str]:
    """Return violations of the structure, and a sentence when part of the contract cannot be evaluated (else "").

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
    unmatched = [name for name in existing if name not in names.values()]
    for declared in contract.columns:
        if declared.name not in names:
            if declared.is_required:
                yield _missing(declared, unmatched)
            continue
        yield from _column(contract, declared, existing[names[declared.name]], observed)


def _missing(declared: ColumnContract, unmatched: Collection[str]) -> Violation:
    hint = _similar(declared.name, unmatched)
    actual = f"{NO_COLUMN}; did you mean '{hint}'?" if hint else NO_COLUMN
    return _violation(declared.name, "MISSING_REQUIRED_FIELD", declared.data_type or "a column", actual, "critical")


def _column(
    contract: Contract, declared: ColumnContract, real: ObservedColumn, observed: ObservedTable
) -> Iterator[Violation]:
    if declared.data_type and not compatible(declared.data_type, real):
        yield _violation(declared.name, "TYPE_CHANGED", declared.data_type, real.data_type, "critical")
    if declared.has_not_null_constraint and real.is_nullable and observed.kind in NULLABILITY_KINDS:
        yield _violation(declared.name, "NULLABILITY_VIOLATION", "not null", "nullable", _by_mode(contract))


def _unexpected(contract: Contract, observed: ObservedTable) -> Iterator[Violation]:
    """Yield columns that are not in the contract; none for a contract that names no columns."""
    if contract.unexpected == "ignore" or not contract.columns:
        return
    names = set(real_names(contract, observed).values())
    severity: Severity = "critical" if contract.unexpected == "fail" else "warning"
    for column in observed.columns:
        if column.name not in names:
            yield _violation(column.name, "UNEXPECTED_FIELD", "not in the contract", column.data_type, severity)


def _keys(contract: Contract, observed: ObservedTable) -> Iterator[Violation]:
    """Yield keys of the contract's constraints that the catalog lacks. A missing column is reported elsewhere."""
    if observed.kind in WITHOUT_KEYS:
        return
    existing = {column.name for column in observed.columns}
    names = real_names(contract, observed)
    for key in contract.constrained_keys:
        real = {names.get(name, name) for name in key}
        # Rows that are unique by fewer columns are unique by all of them.
        if real <= existing and not any(unique <= real for unique in observed.unique_keys):
            label = ", ".join(key)
            actual = "a view, which has no keys" if observed.kind == "v" else "no such key"
            yield _violation(label, "CONSTRAINT_VIOLATION", f"unique ({label})", actual, _by_mode(contract))


def _payload(contract: Contract, observed: ObservedTable) -> Iterator[Violation]:
    """Yield violations of the payload column. Its fields are checked with the values: the catalog lacks them."""
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
    user_label = f"User '{user}'" if user else "Lookout's user"
    if not observed.is_usable:
        return f"{user_label} may not use schema {contract.schema}: grant usage on it."
    readable = {column.name for column in observed.columns if column.is_readable}
    if observed.columns and not readable:
        return f"{user_label} may not read {contract.asset}: grant select on it."
    wanted = {contract.payload} if contract.payload else set(real_names(contract, observed).values())
    hidden = [column.name for column in observed.columns if column.name in wanted - readable]
    if not hidden:
        return ""
    columns = f"column '{hidden[0]}'" if len(hidden) == 1 else f"columns {', '.join(hidden)}"
    return f"{user_label} may not read {columns} of {contract.asset}: grant select on it."


def _similar(word: str, known: Collection[str]) -> str:
    # A quoted name often differs only in case; difflib alone would rank it lower.
    same_letters = [name for name in known if name.lower() == word.lower()]
    close = same_letters or difflib.get_close_matches(word, sorted(known), n=1)
    return close[0] if close else ""


def _by_mode(contract: Contract) -> Severity:
    return "critical" if contract.mode == "strict" else "warning"


def _violation(
    column_name: str, violation_type: ViolationType, expected: str, actual: str, severity: Severity
) -> Violation:
    return Violation(column_name, violation_type, STRUCTURE, expected, actual, severity)
