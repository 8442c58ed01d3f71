"""Contracts, observed tables and results of contract checks: plain values that all of them share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lookout.plain import plain_name
from lookout.project.declarations.monitor import Severity

Mode = Literal["strict", "lenient"]
Unexpected = Literal["fail", "warn", "ignore"]
RuleKind = Literal[
    "not_null",
    "unique",
    "accepted_values",
    "range",
    "length",
    "pattern",
    "precision",
    "relationship",
    "expression",
    "type",
]
ViolationType = Literal[
    "MISSING_REQUIRED_FIELD",
    "UNEXPECTED_FIELD",
    "TYPE_MISMATCH",
    "TYPE_CHANGED",
    "NULLABILITY_VIOLATION",
    "CONSTRAINT_VIOLATION",
    "CONTRACT_NOT_EVALUATED",
]
Outcome = Literal["passed", "violated", "not_evaluated", "none"]
SampleMethod = Literal["latest", "random"]

STRUCTURE = "structure"


def violation_key(connection: str, asset: str, column_name: str, violation_type: str, rule: str) -> str:
    """Return the identity of one violation: 32 hex digits, the same in every run while the violation lasts."""
    identity = json.dumps([connection, asset, column_name, violation_type, rule], ensure_ascii=False)
    return hashlib.md5(identity.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Rule:
    """A condition on the rows of a table.

    ``columns`` holds one name, several for a composite unique rule, none for an expression about the whole row.
    ``arguments`` by kind: accepted_values ``values`` (list) and ``quote`` (bool, as in dbt); range ``min``, ``max``,
    ``strict`` (bool: the limits themselves are not allowed); length ``min``, ``max``; pattern ``regex`` (POSIX, has to
    match somewhere: anchor it); precision ``digits`` (most digits after the point); relationship ``schema``, ``table``,
    ``column``; expression ``sql`` (a row-level condition); type ``data_type`` (for fields of a payload or of a text
    column that is declared as another type).
    ``name`` identifies it within its contract: the unique id of the dbt test it comes from, or kind and columns.
    ``where`` is a SQL filter of the rows that it applies to.
    """

    kind: RuleKind
    columns: tuple[str, ...]
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    severity: Severity = "critical"
    where: str | None = None


@dataclass(frozen=True)
class ColumnContract:
    """One column of a contract. ``data_type`` is the text in YAML, empty when the contract declares no type.

    ``has_not_null_constraint`` requires that the catalog itself forbids nulls. ``is_quoted`` is dbt's ``quote: true``:
    the name is used exactly as written, and never folded to lower case.
    """

    name: str
    data_type: str = ""
    is_required: bool = True
    is_nullable: bool = True
    has_not_null_constraint: bool = False
    is_quoted: bool = False


@dataclass(frozen=True)
class Sampling:
    """Check ``rows`` rows instead of all: the newest by the timestamp column, or any."""

    rows: int
    method: SampleMethod = "latest"


@dataclass(frozen=True)
class Contract:
    """The contract of one table, as a dbt project declares it.

    ``keys`` are sets of columns that have to be unique, the primary key first; ``example_columns`` identify a row in
    examples, None being the table's own primary key. ``payload`` names a json or jsonb column whose fields are the
    columns of the contract. ``incremental`` restricts value rules to rows with ``timestamp_column`` later than the last
    check that evaluated them.
    ``rules`` are all rules about values, those of keys and of columns that are not nullable included; those of column
    contracts are a range of them, ``column_rules``.
    ``constrained_keys`` are the keys that the catalog itself has to enforce. ``left_out`` are the unique ids of dbt
    tests that only dbt can run.
    """

    name: str
    connection: str
    schema: str
    table: str
    node_id: str
    file: str = ""
    mode: Mode = "lenient"
    unexpected: Unexpected = "warn"
    columns: tuple[ColumnContract, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    rules: tuple[Rule, ...] = ()
    version: str = ""
    owner: str = ""
    layer: str = ""
    description: str = ""
    is_source: bool = True
    payload: str = ""
    timestamp_column: str = ""
    row_filter: str | None = None
    incremental: bool = False
    sampling: Sampling | None = None
    example_columns: tuple[str, ...] | None = None
    include_sample_data: bool = False
    constrained_keys: tuple[tuple[str, ...], ...] = ()
    left_out: tuple[str, ...] = ()
    column_rules: range = range(0)
    problem: str = ""

    @property
    def asset(self) -> str:
        """Return the name of the table, ``schema.table``."""
        return plain_name(f"{self.schema}.{self.table}")


@dataclass(frozen=True)
class ObservedColumn:
    """One real column. ``data_type`` is what ``format_type`` prints, ``base_type`` the typname below any domain.

    ``domain_type`` is what ``format_type`` prints for the type below a domain, empty when the type is no domain;
    ``category`` is pg_type.typcategory (E enum, A array, S text and so on).
    """

    name: str
    data_type: str
    base_type: str
    is_nullable: bool
    is_readable: bool = True
    domain_type: str = ""
    category: str = ""


@dataclass(frozen=True)
class ObservedTable:
    """One real table or view. ``kind`` is pg_class.relkind, None when there is no such relation.

    ``unique_keys`` include the primary key, which ``primary_key`` names.
    """

    kind: str | None
    schema_exists: bool = True
    is_usable: bool = True
    columns: tuple[ObservedColumn, ...] = ()
    unique_keys: frozenset[frozenset[str]] = frozenset()
    primary_key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Violation:
    """One rule that does not hold. ``failing_rows`` and ``total_rows`` are None for the structure of a table.

    ``expected`` and ``actual`` never hold a value of the data unless the contract includes sample data;
    ``example_keys`` hold at most five keys of failing rows, as JSON texts.
    """

    column_name: str
    violation_type: ViolationType
    rule: str
    expected: str
    actual: str
    severity: Severity = "critical"
    failing_rows: int | None = None
    total_rows: int | None = None
    example_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContractCheck:
    """The result of checking one contract.

    ``structure`` and ``values`` are outcomes; "none" means that the contract has no rule about it. ``checked_rows`` of
    ``total_rows`` were checked (fewer when sampled or incremental); ``invalid_rows`` break at least one row-level rule.
    ``message`` is one sentence about what could not be evaluated. ``checked_until`` is the newest timestamp that was
    checked, where the contract is incremental.
    """

    contract: Contract
    structure: Outcome
    values: Outcome
    violations: tuple[Violation, ...] = ()
    observed: ObservedTable | None = None
    total_rows: int | None = None
    checked_rows: int | None = None
    invalid_rows: int | None = None
    message: str = ""
    checked_until: Any = None
    duration_seconds: float | None = None
    attempts: int = 0

    @property
    def is_evaluated(self) -> bool:
        """Return whether every rule of the contract could be checked."""
        return "not_evaluated" not in (self.structure, self.values)

    @property
    def is_broken(self) -> bool:
        """Return whether any rule is known to be broken, whatever its severity."""
        return any(violation.violation_type != "CONTRACT_NOT_EVALUATED" for violation in self.violations)
