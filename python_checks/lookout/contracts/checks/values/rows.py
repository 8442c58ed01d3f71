"""The rows of a table that are checked: all of them, the new ones or a sample; and the SQL that selects them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg2 import sql

from lookout.contracts.checks.values.fields import PAYLOAD_TYPES, payload_value
from lookout.contracts.checks.values.implied import Check
from lookout.contracts.checks.values.spelling import Sql
from lookout.contracts.spec.model import Contract, ObservedTable, Sampling
from lookout.engines.dialect import as_column_type

NOTHING = sql.SQL("")


@dataclass(frozen=True)
class Rows:
    """SQL for the checked rows and for all rows of a table.

    ``checked`` and ``whole`` follow ``from``, each with its own condition: ``where`` and ``where_whole``. ``is_part``
    is true when they differ; the ``preamble`` then reads the checked rows once. No column of the table begins with
    ``prefix``.
    """

    contract: Contract
    observed: ObservedTable
    prefix: str
    whole: Sql
    row_filter: Sql | None = None
    preamble: Sql = field(default_factory=lambda: sql.SQL(""))
    part: Sql | None = None

    @property
    def is_part(self) -> bool:
        """Return whether only some rows are checked."""
        return self.part is not None

    @property
    def checked(self) -> Sql:
        """Return the relation of the checked rows."""
        return self.part or self.whole

    def where(self, condition: Sql | None = None) -> Sql:
        """Return a where clause for the checked rows; empty when there is no condition at all."""
        return _where(None if self.is_part else self.row_filter, condition)

    def where_whole(self, condition: Sql | None = None) -> Sql:
        """Return a where clause for all rows that the contract is about."""
        return _where(self.row_filter, condition)

    def not_after(self, timestamp: datetime) -> Sql:
        """Return the condition that a row is not later than a timestamp."""
        return _compared(self.contract, self.observed, "<=", timestamp)

    @property
    def is_inherited(self) -> Sql:
        """Return a subquery: whether other tables inherit from this one, whose rows its unique indexes do not cover."""
        return sql.SQL(
            "(select relhassubclass and relkind = 'r' from pg_catalog.pg_class\n"
            "        inner join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace\n"
            "        where nspname = {} and relname = {})"
        ).format(sql.Literal(self.contract.schema), sql.Literal(self.contract.table))


def rows_of(
    contract: Contract,
    observed: ObservedTable,
    checks: Sequence[Check],
    *,
    since: datetime | None = None,
    is_repeatable: bool = False,
) -> Rows:
    """Return the rows that the checks are about.

    ``is_repeatable`` asks for rows that a second statement finds again: in place of a random sample, all of them.
    """
    prefix = "lookout_"
    while any(column.name.startswith(prefix) for column in observed.columns):
        prefix += "_"
    table, alias = sql.Identifier(contract.schema, contract.table), sql.Identifier(contract.table)
    columns = _columns(contract, observed, checks)
    row_filter: Sql | None = sql.SQL("(\n{}\n)").format(sql.SQL(contract.row_filter)) if contract.row_filter else None
    base_types = {column.name: column.base_type for column in observed.columns}
    source: Sql = sql.SQL("{} as {}").format(table, alias)
    if base_types.get(contract.payload) == "json":
        # `offset 0` makes the planner convert to jsonb once a row instead of once for each field.
        source = sql.SQL("(select {} from {}{} offset 0) as {}").format(
            _selected(contract, base_types, columns), source, _where(row_filter, None), alias
        )
        row_filter = None
    rows = Rows(contract, observed, prefix, source, row_filter)
    is_new = _compared(contract, observed, ">", since) if since is not None and contract.incremental else None
    sampling = contract.sampling
    if is_repeatable and sampling is not None and sampling.method == "random":
        sampling = None
    if is_new is None and sampling is None:
        return rows
    name = sql.Identifier(f"{prefix}checked")
    preamble = sql.SQL("with {} as materialized (\n    select {} from {}{}{}\n)\n\n").format(
        name,
        _names(columns) if columns else sql.SQL("1 as {}").format(sql.Identifier(f"{prefix}row")),
        source,
        rows.where(is_new),
        _sample_clauses(contract, sampling, base_types),
    )
    part = sql.SQL("{} as {}").format(name, alias)
    return Rows(contract, observed, prefix, source, row_filter, preamble, part)


def _sample_clauses(contract: Contract, sampling: Sampling | None, base_types: Collection[str]) -> Sql:
    """Return the clauses ORDER BY and LIMIT of a sample; empty when there is none."""
    if sampling is None:
        return NOTHING
    order: Sql = NOTHING
    if sampling.method == "random":
        order = sql.SQL(" order by random()")
    elif contract.timestamp_column in base_types:
        order = sql.SQL(" order by {} desc nulls last").format(sql.Identifier(contract.timestamp_column))
    return sql.SQL("{} limit {}").format(order, sql.Literal(sampling.rows))


def _columns(contract: Contract, observed: ObservedTable, checks: Sequence[Check]) -> list[str]:
    """Return the columns that a query reads: of the checks, or all readable ones when a rule is SQL."""
    readable = [column.name for column in observed.columns if column.is_readable]
    if any(check.rule.kind == "expression" or check.rule.where for check in checks):
        return readable
    wanted = {name for check in checks for name in check.rule.columns}
    wanted |= {contract.payload, contract.timestamp_column, *(contract.example_columns or ())}
    return [name for name in readable if name in wanted]


def _selected(contract: Contract, base_types: dict[str, str], columns: Sequence[str]) -> Sql:
    selected: list[Sql] = []
    for name in columns:
        is_payload = name == contract.payload and base_types[name] in PAYLOAD_TYPES
        selected.append(payload_value(name, base_types[name]) if is_payload else sql.Identifier(name))
    return sql.SQL(", ").join(selected)


def _names(columns: Sequence[str]) -> Sql:
    return sql.SQL(", ").join([sql.Identifier(name) for name in columns])


def _compared(contract: Contract, observed: ObservedTable, sign: str, timestamp: datetime) -> Sql:
    base_type = next(column.base_type for column in observed.columns if column.name == contract.timestamp_column)
    return sql.SQL("{} {} {}").format(
        sql.Identifier(contract.timestamp_column), sql.SQL(sign), sql.Literal(as_column_type(timestamp, base_type))
    )


def _where(row_filter: Sql | None, condition: Sql | None) -> Sql:
    parts = [part for part in (row_filter, condition) if part is not None]
    if not parts:
        return NOTHING
    conditions = [sql.SQL("({})").format(part) for part in parts]
    return sql.SQL("\n    where {}").format(sql.SQL(" and ").join(conditions))
