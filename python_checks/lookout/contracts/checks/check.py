"""Checks of contracts against their databases: all databases at once, read-only, each failure recorded on its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase

import psycopg2

from lookout.contracts.checks.catalog import observe
from lookout.contracts.checks.names import resolve_names
from lookout.contracts.checks.structure import check_structure
from lookout.contracts.checks.values.check import ValueCheck, check_values
from lookout.contracts.spec.model import STRUCTURE, Contract, ContractCheck, ObservedTable, Outcome, Violation
from lookout.database.connection import Connection
from lookout.database.options import CollectOptions
from lookout.database.retries import UnreachableError
from lookout.engines.catalog import READABLE_KINDS
from lookout.engines.session import Session
from lookout.engines.source_pool import Emit, explain_failure, unknown_output_message, work_on_sources

Marks = Mapping[tuple[str, str], datetime]
ADVICE = "check new rows only (`incremental`) or a `sample`, or raise the statement timeout."

# Keys are sorted and parents hashed in memory rather than on disk: two to three times as fast on a million rows. There
# is one session a database, and the setting is never lowered. A connection that is reopened runs without it.
WORK_MEMORY = """
select set_config('work_mem', '64MB', false)
where pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')
"""


def check_contracts(
    contracts: Sequence[Contract],
    connections: Mapping[str, Connection],
    *,
    options: CollectOptions | None = None,
    marks: Marks | None = None,
    values: bool = True,
    select: Sequence[str] | None = None,
    on_done: Callable[[ContractCheck], None] | None = None,
    as_of: datetime | None = None,
) -> list[ContractCheck]:
    """Check contracts, every database at once. Return one check for each selected contract, in their order.

    ``marks`` are the times, by connection and asset, up to which the rows of incremental contracts have been checked;
    rows after ``as_of`` do not move them. ``select`` keeps contracts whose name, asset or ``connection.asset`` matches
    one of the patterns (``*`` and ``?``). ``on_done`` is called in the calling thread as soon as a contract is
    finished; an exception of it, or Ctrl-C, ends all queries and is raised again.
    """
    contracts = [contract for contract in contracts if _is_selected(contract, select)]
    checks: dict[int, ContractCheck] = {}
    by_source: dict[str, dict[int, Contract]] = {}

    def report(check: ContractCheck) -> None:
        if on_done is not None:
            on_done(check)

    def check_database(
        session: Session, wanted: Mapping[int, Contract], emit: Emit[ContractCheck], stop: threading.Event
    ) -> None:
        _DatabaseChecker(session, stop, marks or {}, values, as_of).run(wanted, emit)

    for position, contract in enumerate(contracts):
        if contract.connection in connections and not contract.problem:
            by_source.setdefault(contract.connection, {})[position] = contract
            continue
        checks[position] = _unasked_check(contract, values)
        report(checks[position])
    checks |= work_on_sources(by_source, connections, options or CollectOptions(), check_database, report)
    return [checks[position] for position in range(len(contracts))]


class _DatabaseChecker:
    """The contract checks of one database, run one after the other in a thread of their own."""

    def __init__(
        self, session: Session, stop: threading.Event, marks: Marks, values: bool, as_of: datetime | None
    ) -> None:
        self._session, self._stop, self._marks, self._values, self._as_of = session, stop, marks, values, as_of

    def run(self, contracts: Mapping[int, Contract], emit: Emit[ContractCheck]) -> None:
        """Emit one check for each contract, until it is stopped."""
        with closing(self._session):
            try:
                self._session.fetch_rows(WORK_MEMORY)
                observed = observe(self._session.fetch_rows, [(c.schema, c.table) for c in contracts.values()])
            except (UnreachableError, psycopg2.Error) as error:
                _, message = explain_failure(error, self._session, self._session.connection.location, ADVICE)
                for position, contract in contracts.items():
                    check = _unreachable_check(contract, message, self._values)
                    emit(position, replace(check, attempts=self._session.attempts))
                return
            for position, contract in contracts.items():
                if self._stop.is_set():
                    return
                started = time.monotonic()
                check = self._check(contract, observed[contract.schema, contract.table])
                took = time.monotonic() - started
                emit(position, replace(check, duration_seconds=took, attempts=self._session.attempts))

    def _check(self, contract: Contract, observed: ObservedTable) -> ContractCheck:
        violations, problem = check_structure(contract, observed, user=self._session.user)
        structure: Outcome = "passed" if _has_structure_rules(contract) else "none"
        if violations:
            structure = "violated"
        if problem:
            structure = "not_evaluated"
            violations = (*violations, _not_evaluated_violation(STRUCTURE, problem))
        value_check = self._check_values(contract, observed)
        value_outcome: Outcome = "none" if value_check is None else value_check.outcome
        message = " ".join(filter(None, [problem, value_check.message if value_check else ""]))
        check = ContractCheck(contract, structure, value_outcome, violations, observed, message=message)
        if value_check is None:
            return check
        return replace(
            check,
            violations=(*violations, *value_check.violations),
            total_rows=value_check.total_rows,
            checked_rows=value_check.checked_rows,
            invalid_rows=value_check.invalid_rows,
            checked_until=value_check.checked_until,
        )

    def _check_values(self, contract: Contract, observed: ObservedTable) -> ValueCheck | None:
        if not self._values or not _has_value_rules(contract):
            return None
        if observed.kind not in READABLE_KINDS:
            # The structure check reports the missing table as a violation already.
            return ValueCheck(
                "not_evaluated", message=f"There is no table {contract.asset} whose rows could be checked."
            )
        if not observed.is_usable or not any(column.is_readable for column in observed.columns):
            return ValueCheck("not_evaluated")
        key = contract.connection, contract.asset
        since = self._marks.get(key) if contract.incremental else None
        try:
            return check_values(
                self._session.fetch_rows, resolve_names(contract, observed), observed, since=since, until=self._as_of
            )
        except (UnreachableError, psycopg2.Error) as error:
            subject = f"Table {contract.asset} of {self._session.connection.location}"
            message = explain_failure(error, self._session, subject, ADVICE)[1]
            return ValueCheck("not_evaluated", (_not_evaluated_violation("values", message),), message)


def _is_selected(contract: Contract, select: Sequence[str] | None) -> bool:
    names = (contract.name, contract.asset, f"{contract.connection}.{contract.asset}")
    return select is None or any(fnmatchcase(name, pattern) for name in names for pattern in select)


def _has_structure_rules(contract: Contract) -> bool:
    return bool(contract.columns or contract.constrained_keys or contract.payload)


def _has_value_rules(contract: Contract) -> bool:
    return bool(contract.rules or contract.payload)


def _unasked_check(contract: Contract, values: bool) -> ContractCheck:
    """Return the check of a contract that is declared wrongly, or whose output the profile does not have."""
    if contract.problem:
        # A mistake in a setting is no finding about the table.
        return ContractCheck(contract, "not_evaluated", "not_evaluated", message=contract.problem)
    return _unreachable_check(contract, unknown_output_message(contract.connection), values)


def _unreachable_check(contract: Contract, message: str, values: bool) -> ContractCheck:
    """Return the check of a contract whose database could not be queried."""
    outcome: Outcome = "not_evaluated" if values and _has_value_rules(contract) else "none"
    return ContractCheck(
        contract, "not_evaluated", outcome, (_not_evaluated_violation(STRUCTURE, message),), message=message
    )


def _not_evaluated_violation(rule: str, reason: str) -> Violation:
    return Violation("", "CONTRACT_NOT_EVALUATED", rule, "can be evaluated", reason, "warning")
