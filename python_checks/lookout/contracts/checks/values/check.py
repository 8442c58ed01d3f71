"""Evaluation of the rules about values of one contract; a rule that cannot be evaluated does not stop the others."""

from __future__ import annotations

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

# Errors in the SQL of a rule, not of the connection or the server.
SQL_ERRORS = (
    psycopg2.ProgrammingError, psycopg2.DataError, psycopg2.NotSupportedError, psycopg2.InternalError,
)  # fmt: skip


@dataclass(frozen=True)
class ValueCheck:
    """The result of the rules about values. The fields are those of ``ContractCheck``."""

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
    """Evaluate the rules about values. Errors of the connection, and of a wrong filter of the contract, are raised.

    One rule that is not evaluated makes the outcome "not_evaluated", whatever the others found: their violations are
    still listed, and an incremental contract checks the same rows again next time.
    """
    if contract.example_columns is None:
        contract = replace(contract, example_columns=observed.primary_key)
    problem = _timestamp_problem(contract, observed)
    if problem:
        return ValueCheck("not_evaluated", (_table_not_evaluated(problem),), problem)
    plan = plan_values(contract, observed, since=since, until=until)
    failed: list[Violation] = []
    try:
        result = _evaluate(ask, plan)
    except SQL_ERRORS:
        failing = _failing_rules(ask, plan, since, until)
        if not failing:
            raise
        failed = [not_evaluated(rule, f"could not be evaluated: {reason}") for rule, reason in failing]
        failing_rules = [rule for rule, _ in failing]
        sound = replace(contract, rules=tuple(rule for rule in contract.rules if rule not in failing_rules))
        plan = plan_values(sound, observed, since=since, until=until)
        result = _evaluate(ask, plan)
    return _as_check(ask, plan, result, failed, since)


def _as_check(
    ask: Ask, plan: ValuePlan, result: ValueResult, failed: Sequence[Violation], since: datetime | None
) -> ValueCheck:
    contract = plan.contract
    violations = (*_violations_with_examples(ask, plan, result, since), *failed)
    counts = result.total_rows, result.checked_rows, result.invalid_rows
    if not result.total_rows:
        which_rows = " that pass its filter" if contract.row_filter else ""
        problem = (
            f"Table {contract.asset} holds no rows{which_rows}: its rules say nothing yet; check the job that loads it."
        )
        return ValueCheck("not_evaluated", (_table_not_evaluated(problem), *violations), problem, *counts)
    not_evaluated_rules = [
        violation for violation in violations if violation.violation_type == "CONTRACT_NOT_EVALUATED"
    ]
    if not_evaluated_rules or not plan.checks:
        sentences = [
            f"Rule {violation.rule} of {contract.asset} {violation.actual.rstrip('.')}."
            for violation in not_evaluated_rules
        ]
        message = " ".join(sentences) or f"No rule of {contract.asset} could be evaluated: its columns do not exist."
        return ValueCheck("not_evaluated", violations, message, *counts)
    until = (result.newest_at or since) if contract.incremental else None
    return ValueCheck("violated" if violations else "passed", violations, "", *counts, until)


def _evaluate(ask: Ask, plan: ValuePlan) -> ValueResult:
    (row,) = ask(plan.query)
    return read_values(plan, row)


def _violations_with_examples(
    ask: Ask, plan: ValuePlan, result: ValueResult, since: datetime | None
) -> tuple[Violation, ...]:
    examples = plan_examples(plan, result, since=since) if any(result.failing) else None
    if examples is None:
        return result.violations
    try:
        (row,) = ask(examples.query)
    except psycopg2.Error:
        # The violations are known without examples.
        return result.violations
    return with_examples(result, examples, row, plan.contract)


def _failing_rules(ask: Ask, plan: ValuePlan, since: datetime | None, until: datetime | None) -> list[tuple[Rule, str]]:
    """Return the rules whose SQL fails on this table, with the reason.

    EXPLAIN finds errors in names, types and patterns and reads no row. Where everything can be planned, rules written
    in SQL are evaluated one by one, then the others.
    """
    custom = [rule for rule in plan.rules if rule.kind in ("expression", "relationship", "pattern") or rule.where]
    others = [rule for rule in plan.rules if rule not in custom]

    def failure(rule: Rule | None, is_evaluated: bool) -> str:
        single = replace(plan.contract, rules=() if rule is None else (rule,))
        return _failure(ask, plan_values(single, plan.observed, since=since, until=until).query, rule, is_evaluated)

    for is_evaluated, suspects in ((False, [*custom, *others]), (True, custom), (True, others)):
        if failure(None, is_evaluated):
            # The filter of the whole contract is wrong, not one of the rules.
            return []
        reasons = [(rule, failure(rule, is_evaluated)) for rule in suspects]
        found = [(rule, reason) for rule, reason in reasons if reason]
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
        return clean_message(error)
    return ""


def _timestamp_problem(contract: Contract, observed: ObservedTable) -> str:
    """Return a sentence when new rows cannot be told from old ones; empty when they can, or need not."""
    if not contract.incremental:
        return ""
    name = contract.timestamp_column
    column = next((column for column in observed.columns if column.name == name), None)
    prefix = f"New rows of {contract.asset} cannot be told from old ones: "
    if not name:
        return f"{prefix}name a timestamp_column, or remove `incremental`."
    if column is None or not column.is_readable:
        return f"{prefix}column '{name}' {'does not exist' if column is None else 'may not be read'}."
    if column.base_type not in TIME_TYPES:
        return f"{prefix}column '{name}' is of type {column.data_type}, and no timestamp or date."
    return ""


def _table_not_evaluated(reason: str) -> Violation:
    return Violation("", "CONTRACT_NOT_EVALUATED", "values", "can be evaluated", reason, "warning")
