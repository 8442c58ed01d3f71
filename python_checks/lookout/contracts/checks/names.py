"""Column names of a contract in the spelling of its table."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import replace

from lookout.contracts.spec.model import Contract, ObservedTable

# PostgreSQL folds ASCII letters of names that are not quoted, and no others in a database of UTF-8.
FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def real_names(contract: Contract, observed: ObservedTable) -> Mapping[str, str]:
    """Return the names of the table's columns by their names in the contract, for columns that exist.

    A name counts as written. Only where no such column exists, and dbt's ``quote: true`` is not set, its folded form
    is looked for, since that is what dbt's SQL would find. Names of fields of a payload are never folded.
    """
    existing = {column.name for column in observed.columns}
    found = {column.name: column.name for column in contract.columns if column.name in existing}
    for column in contract.columns:
        folded = column.name.translate(FOLDED)
        if column.name not in found and not column.is_quoted and folded in existing - set(found.values()):
            found[column.name] = folded
    return found


def resolve_names(contract: Contract, observed: ObservedTable) -> Contract:
    """Return the contract with every column name as the table spells it; names of missing columns stay as they are."""
    existing = {column.name for column in observed.columns}
    known = {} if contract.payload else real_names(contract, observed)

    def as_spelled(name: str) -> str:
        folded = name.translate(FOLDED)
        return name if name in existing or folded not in existing else folded

    def real_name(name: str) -> str:
        spelled = known.get(name, name)
        is_declared = contract.payload or any(column.name == name for column in contract.columns)
        return spelled if is_declared else as_spelled(spelled)

    return replace(
        contract,
        columns=tuple(replace(column, name=real_name(column.name)) for column in contract.columns),
        keys=_renamed(contract.keys, real_name),
        constrained_keys=_renamed(contract.constrained_keys, real_name),
        rules=tuple(replace(rule, columns=tuple(map(real_name, rule.columns))) for rule in contract.rules),
        example_columns=contract.example_columns and tuple(map(real_name, contract.example_columns)),
        timestamp_column=as_spelled(contract.timestamp_column),
        payload=as_spelled(contract.payload),
    )


def _renamed(keys: tuple[tuple[str, ...], ...], real_name: Callable[[str], str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(real_name, key)) for key in keys)
