"""The rules about values of one contract, asked of one table; a rule that cannot be evaluated blinds no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2 import sql

from lookout.contracts.checks.values.conditions import not_evaluated
from lookout.contracts.checks.values.examples import plan_examples, with_examples
from lookout.contracts.checks.values.patterns import posix_regex
from lookout.contracts.checks.values.plan import ValuePlan, ValueResult, plan_values, read_values
from lookout.contracts.spec.model import Contract, ObservedTable, Outcome, Rule, Violation
from lookout.database.connection import clean_message
from lookout.engines.catalog import TIME_TYPES

Ask = Callable[..., Sequence[Sequence[Any]]]

# What is wrong with the SQL of a rule, and not with the connection or the server.
SQL_ERRORS = (
    psycopg2.ProgrammingError, psycopg2.DataError, psycopg2.NotSupportedError, psycopg2.InternalError,
)  # fmt: skip


@dataclass(frozen=True)
class ValueCheck:
    """What came of the rules about values. The fields are those of ``ContractCheck``."""

    outcome: Outcome
    violations: tuple[Violation, ...] = ()
    message: str = ""
    total_rows: int | None = None
    checked_rows: int | None = None
    invalid_rows: int | None = None
    checked_until: datetime | None = None


def check_values(
    ask: Ask,
    contract: Contract,
    observed: ObservedTable,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ValueCheck:
    """Evaluate the rules about values. Errors of the connection, and of a filter that is wrong, pass through.

    One rule that is not evaluated makes the outcome "not_evaluated", whatever the others found: their violations are
    listed all the same, and an incremental contract looks at the same rows again next time.
    """
    problem = _timestamp_problem(contract, observed)
    if problem:
        return ValueCheck("not_evaluated", (_unknown(problem),), problem)
    plan = plan_values(contract, observed, since=since, until=until)
    failed: list[Violation] = []
    try:
        result = _ask(ask, plan)
    except SQL_ERRORS:
        culprits = _culprits(ask, plan, since, until)
        if not culprits:
            raise
        failed = [not_evaluated(rule, f"could not be evaluated: {why}") for rule, why in culprits]
        bad = [rule for rule, _ in culprits]
        sound = replace(contract, rules=tuple(rule for rule in contract.rules if rule not in bad))
        plan = plan_values(sound, observed, since=since, until=until)
        result = _ask(ask, plan)
    return _judged(ask, plan, result, failed, since)


def _judged(
    ask: Ask, plan: ValuePlan, result: ValueResult, failed: Sequence[Violation], since: datetime | None
) -> ValueCheck:
    contract = plan.contract
    violations = (*_illustrated(ask, plan, result, since), *failed)
    counts = result.total_rows, result.checked_rows, result.invalid_rows
    if not result.total_rows:
        which = " that pass its filter" if contract.row_filter else ""
        problem = (
            f"Table {contract.asset} holds no rows{which}: its rules say nothing yet; check the job that loads it."
        )
        return ValueCheck("not_evaluated", (_unknown(problem), *violations), problem, *counts)
    unknown = [violation for violation in violations if violation.violation_type == "CONTRACT_NOT_EVALUATED"]
    if unknown or not plan.checks:
        sentences = [
            f"Rule {violation.rule} of {contract.asset} {violation.actual.rstrip('.')}." for violation in unknown
        ]
        message = " ".join(sentences) or f"No rule of {contract.asset} could be evaluated: its columns do not exist."
        return ValueCheck("not_evaluated", violations, message, *counts)
    until = (result.newest_at or since) if contract.incremental else None
    return ValueCheck("violated" if violations else "passed", violations, "", *counts, until)


def _ask(ask: Ask, plan: ValuePlan) -> ValueResult:
    (row,) = ask(plan.query)
    return read_values(plan, row)


def _illustrated(ask: Ask, plan: ValuePlan, result: ValueResult, since: datetime | None) -> tuple[Violation, ...]:
    examples = plan_examples(plan, result, since=since) if any(result.failing) else None
    if examples is None:
        return result.violations
    try:
        (row,) = ask(examples.query)
    except psycopg2.Error:
        # What is broken is known without examples.
        return result.violations
    return with_examples(result, examples, row, plan.contract)


def _culprits(ask: Ask, plan: ValuePlan, since: datetime | None, until: datetime | None) -> list[tuple[Rule, str]]:
    """Rules whose SQL fails on this table, with the reason.

    A look at the plan finds what is wrong with names, types and patterns and reads no row. Where everything can be
    planned, rules that people wrote in SQL are evaluated one by one, then the others.
    """
    by_hand = [rule for rule in plan.rules if rule.kind in ("expression", "relationship", "pattern") or rule.where]
    others = [rule for rule in plan.rules if rule not in by_hand]

    def why(rule: Rule | None, is_evaluated: bool) -> str:
        sole = replace(plan.contract, rules=() if rule is None else (rule,))
        return _failure(ask, plan_values(sole, plan.observed, since=since, until=until).query, rule, is_evaluated)

    for is_evaluated, suspects in ((False, [*by_hand, *others]), (True, by_hand), (True, others)):
        if why(None, is_evaluated):
            # The filter of the whole contract is wrong, and no rule is to blame.
            return []
        found = [(rule, reason) for rule in suspects if (reason := why(rule, is_evaluated))]
        if found:
            return found
    return []


def _failure(ask: Ask, query: sql.Composable, rule: Rule | None, is_evaluated: bool) -> str:
    try:
        if is_evaluated:
            ask(query)
            return ""
        ask(sql.SQL("explain {}").format(query))
        if rule is not None and rule.kind == "pattern":
            ask(sql.SQL("select '' ~ {}").format(sql.Literal(posix_regex(str(rule.arguments["regex"])))))
    except SQL_ERRORS as error:
        return without_values(error, clean_message(error))
    return ""


def without_values(error: Exception, message: str) -> str:
    """The message of a database error without the values that PostgreSQL quotes when it cannot read one."""
    is_about_values = isinstance(error, (psycopg2.DataError, psycopg2.InternalError, psycopg2.IntegrityError))
    return re.sub('".*', '"…".', message, flags=re.DOTALL) if is_about_values else message


def _timestamp_problem(contract: Contract, observed: ObservedTable) -> str:
    """Why new rows cannot be told from old ones; empty when they can, or need not."""
    if not contract.incremental:
        return ""
    name = contract.timestamp_column
    column = next((column for column in observed.columns if column.name == name), None)
    said = f"New rows of {contract.asset} cannot be told from old ones: "
    if not name:
        return f"{said}name a timestamp_column, or remove `incremental`."
    if column is None or not column.is_readable:
        return f"{said}column '{name}' {'does not exist' if column is None else 'may not be read'}."
    if column.base_type not in TIME_TYPES:
        return f"{said}column '{name}' is of type {column.data_type}, and no timestamp or date."
    return ""


def _unknown(why: str) -> Violation:
    return Violation("", "CONTRACT_NOT_EVALUATED", "values", "can be evaluated", why, "warning")
