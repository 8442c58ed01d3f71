"""Column names as a contract writes them, and as the table spells them."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import replace

from lookout.contracts.spec.model import Contract, ObservedTable

# PostgreSQL folds ASCII letters of names that are not quoted, and no others in a database of UTF-8.
FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def real_names(contract: Contract, observed: ObservedTable) -> Mapping[str, str]:
    """Promised columns that exist, by the name in the contract, with the name that the table gives them.

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
    """The contract with every column name as the table spells it; names of columns that do not exist stay."""
    existing = {column.name for column in observed.columns}
    known = {} if contract.payload else real_names(contract, observed)

    def place(name: str) -> str:
        folded = name.translate(FOLDED)
        return name if name in existing or folded not in existing else folded

    def real(name: str) -> str:
        promised = known.get(name, name)
        is_promised = contract.payload or any(column.name == name for column in contract.columns)
        return promised if is_promised else place(promised)

    return replace(
        contract,
        columns=tuple(replace(column, name=real(column.name)) for column in contract.columns),
        keys=_each(contract.keys, real),
        constrained_keys=_each(contract.constrained_keys, real),
        rules=tuple(replace(rule, columns=tuple(map(real, rule.columns))) for rule in contract.rules),
        example_columns=tuple(map(real, contract.example_columns)),
        timestamp_column=place(contract.timestamp_column),
        payload=place(contract.payload),
    )


def _each(keys: tuple[tuple[str, ...], ...], real: Callable[[str], str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(real, key)) for key in keys)
