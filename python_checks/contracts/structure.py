"""A contract held against the columns, types and keys that a table really has."""

from __future__ import annotations

from python_checks.contracts.model import Contract, ObservedTable, Violation


def resolve_names(contract: Contract, observed: ObservedTable) -> Contract:
    """The contract with every column name as the table spells it: YAML names that are not quoted may be folded."""
    raise NotImplementedError


def check_structure(
    contract: Contract, observed: ObservedTable, *, user: str = ""
) -> tuple[tuple[Violation, ...], str]:
    """Violations of the structure, and a sentence when part of it could not be evaluated."""
    raise NotImplementedError
