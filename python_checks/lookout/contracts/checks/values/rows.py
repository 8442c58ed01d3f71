"""Which rows of a table are checked: all of them, the new ones, a sample; and where a query finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg2 import sql

from lookout.contracts.checks.values.fields import PAYLOAD_TYPES, Sql, payload_value
from lookout.contracts.checks.values.implied import Check
from lookout.contracts.spec.model import Contract, ObservedTable
from lookout.engines.dialect import as_column_type

NOTHING = sql.SQL("")


@dataclass(frozen=True)
class Rows:
    """Where the checked rows and all rows of a table are.

    ``checked`` and ``whole`` stand behind ``from``, each with its own condition: ``where`` and ``where_whole``.
    ``is_part`` tells that they differ; the checked rows are then read once, into the ``preamble``. No column of the
    table begins with ``prefix``.
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
        """Whether only some rows are checked."""
        return self.part is not None

    @property
    def checked(self) -> Sql:
        """The checked rows."""
        return self.part or self.whole

    def where(self, condition: Sql | None = None) -> Sql:
        """A where clause for the checked rows; empty when there is no condition at all."""
        return _where(None if self.is_part else self.row_filter, condition)

    def where_whole(self, condition: Sql | None = None) -> Sql:
        """A where clause for all rows that the contract is about."""
        return _where(self.row_filter, condition)

    def not_after(self, moment: datetime) -> Sql:
        """The condition that a row is not from after a moment."""
        return _compared(self.contract, self.observed, "<=", moment)

    @property
    def is_inherited(self) -> Sql:
        """Whether other tables inherit from this one, as a subquery: unique indexes do not reach their rows."""
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
    """The rows that the checks are about.

    ``is_repeatable`` asks for rows that a second statement finds again: in place of a random sample, all of them.
    """
    prefix = "lookout_"
    while any(column.name.startswith(prefix) for column in observed.columns):
        prefix += "_"
    table, alias = sql.Identifier(contract.schema, contract.table), sql.Identifier(contract.table)
    columns = _columns(contract, observed, checks)
    row_filter: Sql | None = sql.SQL("(\n{}\n)").format(sql.SQL(contract.row_filter)) if contract.row_filter else None
    kinds = {column.name: column.base_type for column in observed.columns}
    source: Sql = sql.SQL("{} as {}").format(table, alias)
    if kinds.get(contract.payload) == "json":
        # Read into jsonb once a row, and not once for each look at a field: `offset 0` keeps the planner from it.
        source = sql.SQL("(select {} from {}{} offset 0) as {}").format(
            _selected(contract, kinds, columns), source, _where(row_filter, None), alias
        )
        row_filter = None
    rows = Rows(contract, observed, prefix, source, row_filter)
    newer = _compared(contract, observed, ">", since) if since is not None and contract.incremental else None
    sampling = contract.sampling
    if is_repeatable and sampling is not None and sampling.method == "random":
        sampling = None
    if newer is None and sampling is None:
        return rows
    order: Sql = NOTHING
    if sampling is not None and sampling.method == "random":
        order = sql.SQL(" order by random()")
    elif sampling is not None and contract.timestamp_column in kinds:
        order = sql.SQL(" order by {} desc nulls last").format(sql.Identifier(contract.timestamp_column))
    limit = sql.SQL(" limit {}").format(sql.Literal(sampling.rows)) if sampling is not None else NOTHING
    name = sql.Identifier(f"{prefix}checked")
    preamble = sql.SQL("with {} as materialized (\n    select {} from {}{}{}{}\n)\n\n").format(
        name,
        _names(columns) if columns else sql.SQL("1 as {}").format(sql.Identifier(f"{prefix}row")),
        source,
        rows.where(newer),
        order if sampling is not None else NOTHING,
        limit,
    )
    part = sql.SQL("{} as {}").format(name, alias)
    return Rows(contract, observed, prefix, source, row_filter, preamble, part)


def _columns(contract: Contract, observed: ObservedTable, checks: Sequence[Check]) -> list[str]:
    """Columns that a query reads: those of the checks, and all readable ones when somebody wrote SQL of his own."""
    readable = [column.name for column in observed.columns if column.is_readable]
    if any(check.rule.kind == "expression" or check.rule.where for check in checks):
        return readable
    wanted = {name for check in checks for name in check.rule.columns}
    wanted |= {contract.payload, contract.timestamp_column, *contract.example_columns}
    return [name for name in readable if name in wanted]


def _selected(contract: Contract, kinds: dict[str, str], columns: Sequence[str]) -> Sql:
    return sql.SQL(", ").join(
        payload_value(name, kinds[name])
        if name == contract.payload and kinds[name] in PAYLOAD_TYPES
        else sql.Identifier(name)
        for name in columns
    )


def _names(columns: Sequence[str]) -> Sql:
    return sql.SQL(", ").join([sql.Identifier(name) for name in columns])


def _compared(contract: Contract, observed: ObservedTable, sign: str, moment: datetime) -> Sql:
    base_type = next(column.base_type for column in observed.columns if column.name == contract.timestamp_column)
    return sql.SQL("{} {} {}").format(
        sql.Identifier(contract.timestamp_column), sql.SQL(sign), sql.Literal(as_column_type(moment, base_type))
    )


def _where(row_filter: Sql | None, condition: Sql | None) -> Sql:
    parts = [part for part in (row_filter, condition) if part is not None]
    if not parts:
        return NOTHING
    return sql.SQL("\n    where {}").format(sql.SQL(" and ").join(sql.SQL("({})").format(part) for part in parts))
