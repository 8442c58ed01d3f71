"""The one statement per table that evaluates all rules of a contract, and the reading of its one row.

One scan covers every rule about single rows. Its condition is that any rule is broken, so counting by rule costs only
for rows that break one. Keys and relationships need the whole table or another one, and are each a sort or a join of
their own within the same statement, which lets them run in parallel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from typing import Any

from psycopg2 import sql

from lookout.contracts.checks.values.conditions import build_checks
from lookout.contracts.checks.values.implied import Check, unexpected_part
from lookout.contracts.checks.values.rows import Rows, rows_of
from lookout.contracts.checks.values.wording import actual
from lookout.contracts.spec.model import Contract, ObservedTable, Rule, Violation

# Unexpected fields that are listed, the most frequent first, and characters shown of a name.
MOST_FIELDS = 50
LONGEST_NAME = 100


@dataclass(frozen=True)
class ValuePlan:
    """The statement of one contract, whose one row ``read_values`` reads.

    ``checks`` are counted in the order rows, uniques, relationships; ``left_out`` could not become part of the query.
    """

    contract: Contract
    observed: ObservedTable
    query: sql.Composable
    checks: tuple[Check, ...]
    left_out: tuple[Violation, ...]
    rows: Rows

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the contract's own rules that the query evaluates."""
        return tuple(check.rule for check in self.checks if check.rule in self.contract.rules)


@dataclass(frozen=True)
class ValueResult:
    """The result of one statement. ``failing`` counts the rows that break each check of the plan.

    ``newest_at`` is the newest timestamp that was checked; ``unexpected`` counts rows by name of a field that is not in
    the contract; ``violations`` include those of rules that were left out.
    """

    total_rows: int
    checked_rows: int
    invalid_rows: int
    failing: tuple[int, ...]
    newest_at: datetime | None
    unexpected: dict[str, int]
    violations: tuple[Violation, ...]


def plan_values(
    contract: Contract, observed: ObservedTable, *, since: datetime | None = None, until: datetime | None = None
) -> ValuePlan:
    """Build the statement for a contract whose names are those of the table (``resolve_names``).

    ``since`` (exclusive) leaves out rows that an incremental contract has checked before; rows after ``until`` do not
    move its mark. Keys of new or sampled rows are still compared with the whole table: a row fails when any other row
    of the table has its key. In a check of all rows, every row of a key after the first counts as failing.
    """
    built = build_checks(contract, observed)
    checks = tuple(
        check for scope in ("row", "unique", "relationship") for check in built.ready if check.scope == scope
    )
    rows = rows_of(contract, observed, checks, since=since)
    row_checks = [check for check in checks if check.scope == "row"]
    total: sql.Composable = sql.SQL("null::bigint")
    if rows.is_part:
        total = sql.SQL("(select count(*) from {}{})").format(rows.whole, rows.where_whole())
    columns = [
        sql.SQL("(select count(*) from {}{})").format(rows.checked, rows.where()),
        total,
        _newest_timestamp(contract, rows, until),
        _row_counts(row_checks, rows),
        *(_unique_count(check, rows, observed) for check in checks if check.scope == "unique"),
        *_relationship_counts([check for check in checks if check.scope == "relationship"], row_checks, rows),
    ]
    if any(check.violation_type == "UNEXPECTED_FIELD" for check in row_checks):
        columns.append(_unexpected_fields(contract, rows))
    query = sql.SQL("{}select\n    {}").format(rows.preamble, sql.SQL(",\n    ").join(columns))
    return ValuePlan(contract, observed, query, checks, built.left_out, rows)


def read_values(plan: ValuePlan, row: Sequence[Any]) -> ValueResult:
    """Turn the row of a plan's statement into violations, one for each broken rule."""
    checked, total, newest, (invalid, *failing), *others = row
    unexpected: dict[str, int] = {}
    if any(check.violation_type == "UNEXPECTED_FIELD" for check in plan.checks):
        unexpected = dict(others.pop() or {})
    for check, counted in zip(plan.checks[len(failing) :], others, strict=True):
        if check.scope == "relationship":
            missing, otherwise_valid = counted
            failing.append(missing)
            invalid += otherwise_valid
        else:
            failing.append(counted)
    violations: list[Violation] = []
    for check, count in zip(plan.checks, failing, strict=True):
        if count:
            violations += _violations(check, int(count), int(checked), unexpected)
    return ValueResult(
        total_rows=int(checked if total is None else total),
        checked_rows=int(checked),
        invalid_rows=int(invalid),
        failing=tuple(map(int, failing)),
        newest_at=_as_timestamp(newest),
        unexpected=unexpected,
        violations=(*violations, *plan.left_out),
    )


def _as_timestamp(value: Any) -> datetime | None:
    """Return a timestamp or date of the database as a timestamp in UTC; None for anything else."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    return datetime.combine(value, time(), timezone.utc) if isinstance(value, date) else None


def _any_of(checks: Sequence[Check]) -> sql.Composable:
    """Return the condition that a row breaks one of these checks."""
    if not checks:
        return sql.SQL("false")
    return sql.SQL("(\n        ({})\n    )").format(sql.SQL(")\n        or (").join(c.condition for c in checks))


def _violations(check: Check, count: int, checked: int, unexpected: dict[str, int]) -> list[Violation]:
    def violation(name: str, failing: int) -> Violation:
        actual_text = actual(check.fault, failing, checked)
        return Violation(
            name,
            check.violation_type,
            check.rule.name,
            check.expected,
            actual_text,
            check.rule.severity,
            failing,
            checked,
        )

    if check.violation_type == "UNEXPECTED_FIELD" and unexpected:
        return [violation(name, rows) for name, rows in sorted(unexpected.items())]
    return [violation(check.column_name, count)]


def _newest_timestamp(contract: Contract, rows: Rows, until: datetime | None) -> sql.Composable:
    if not contract.incremental:
        return sql.SQL("null")
    return sql.SQL("(select max({stamp}) from {checked}{until})").format(
        stamp=sql.Identifier(contract.timestamp_column),
        checked=rows.checked,
        until=rows.where(rows.not_after(until) if until else None),
    )


def _row_counts(checks: Sequence[Check], rows: Rows) -> sql.Composable:
    """Return SQL for an array: rows that break any rule, then rows that break each rule.

    An array, because a row of a query has at most 1,664 columns.
    """
    if not checks:
        return sql.SQL("array[0]::bigint[]")
    counts = [sql.SQL("count(*) filter (where {})").format(check.condition) for check in checks]
    return sql.SQL("(select array[\n        {}\n    ] from {}{})").format(
        sql.SQL(",\n        ").join([sql.SQL("count(*)"), *counts]), rows.checked, rows.where(_any_of(checks))
    )


def _unique_count(check: Check, rows: Rows, observed: ObservedTable) -> sql.Composable:
    values, present = sql.SQL(", ").join(check.values), applies_to(check)
    if rows.is_part:
        key = sql.SQL("({})").format(values)
        return sql.SQL(
            "(select count(*) from {checked}{checked_present} and {key} in (\n"
            "        select {values} from {whole}{present} and {key} in (\n"
            "            select {values} from {checked}{checked_present}\n"
            "        )\n        group by {values} having count(*) > 1\n    ))"
        ).format(
            checked=rows.checked,
            whole=rows.whole,
            key=key,
            values=values,
            present=rows.where_whole(present),
            checked_present=rows.where(present),
        )
    if len(check.values) == 1:
        # A sort of single values beats a hash of groups two to three times: 0.20 to 0.46 s a million rows.
        counted = sql.SQL("(select count({values}) - count(distinct {values}) from {checked}{present})").format(
            values=values, checked=rows.checked, present=rows.where(present)
        )
    else:
        # Rows cannot be sorted as cheaply: count(distinct (a, b)) takes a third longer than a hash of groups.
        counted = sql.SQL(
            "(select coalesce(sum(n - 1), 0)::bigint from (\n"
            "        select count(*) as n from {checked}{present} group by {values} having count(*) > 1\n    ) as keys)"
        ).format(values=values, checked=rows.checked, present=rows.where(present))
    columns = set(check.rule.columns)
    has_unique_index = observed.kind in ("r", "p", "m") and any(key <= columns for key in observed.unique_keys)
    if has_unique_index and not rows.contract.payload:
        # The database enforces the key, except on tables that inherit from this one, which its index does not cover.
        return sql.SQL("(case when {} then {} else 0 end)").format(rows.is_inherited, counted)
    return counted


def applies_to(check: Check) -> sql.Composable:
    """Return the condition for the rows that a rule is about, without a null in what it compares."""
    parts = [sql.SQL("{} is not null").format(value) for value in check.values]
    return sql.SQL("({}) and {}").format(check.condition, sql.SQL(" and ").join(parts))


def _relationship_counts(checks: Sequence[Check], row_checks: Sequence[Check], rows: Rows) -> list[sql.Composable]:
    """Return SQL that counts, for each relationship, rows without a parent and those of them that broke no rule so far.

    A parent may be large: the join is a hash that spills to disk, never a lookup by row. Joins of earlier relationships
    use distinct parents, so that they do not multiply rows.
    """
    found: list[sql.Composable] = []
    joins: sql.Composable = sql.SQL("")
    broken: list[sql.Composable] = [sql.SQL("coalesce({}, false)").format(_any_of(row_checks))]
    for number, check in enumerate(checks):
        parent, key = sql.Identifier(f"{rows.prefix}parent_{number}"), sql.Identifier(f"{rows.prefix}key_{number}")
        orphan = sql.SQL("({}) and {}.{} is null").format(applies_to(check), parent, key)
        found.append(
            sql.SQL("(select array[count(*), count(*) filter (where not ({}))] from {}{}{}{})").format(
                sql.SQL(" or ").join(broken), rows.checked, joins, _join(check, parent, key), rows.where(orphan)
            )
        )
        joins = sql.SQL("{}{}").format(joins, _join(check, parent, key, "distinct "))
        broken.append(sql.SQL("({})").format(orphan))
    return found


def _join(check: Check, parent: sql.Composable, key: sql.Composable, distinct: str = "") -> sql.Composable:
    arguments = check.rule.arguments
    return sql.SQL("\n    left join (select {}{} as {} from {}) as {} on {}.{} = {}").format(
        sql.SQL(distinct),
        sql.Identifier(arguments["column"]),
        key,
        sql.Identifier(arguments["schema"], arguments["table"]),
        parent,
        parent,
        key,
        check.values[0],
    )


def _unexpected_fields(contract: Contract, rows: Rows) -> sql.Composable:
    """Return SQL for a json object: names of fields that are not in the contract, with the number of their rows."""
    return sql.SQL(
        "(select jsonb_object_agg(name, n) from (\n"
        "        select left(field, {longest}) as name, count(*) as n\n"
        "        from (select {part} as part from {checked}{where}) as parts, jsonb_object_keys(part) as field\n"
        "        group by 1 order by 2 desc, 1 limit {most}\n    ) as fields)"
    ).format(
        part=unexpected_part(contract),
        checked=rows.checked,
        where=rows.where(),
        most=sql.Literal(MOST_FIELDS),
        longest=sql.Literal(LONGEST_NAME),
    )


def relationship_rows(check: Check, rows: Rows) -> sql.Composable:
    """Return the FROM and WHERE clauses of the rows without a parent."""
    parent, key = sql.Identifier(f"{rows.prefix}parent"), sql.Identifier(f"{rows.prefix}key")
    orphan = sql.SQL("({}) and {}.{} is null").format(applies_to(check), parent, key)
    return sql.SQL("from {}{}{}").format(rows.checked, _join(check, parent, key), rows.where(orphan))


def unique_rows(check: Check, rows: Rows) -> sql.Composable:
    """Return the clauses from FROM to HAVING of the keys that more than one row has."""
    return sql.SQL("from {}{} group by {} having count(*) > 1").format(
        rows.whole, rows.where_whole(applies_to(check)), sql.SQL(", ").join(check.values)
    )
