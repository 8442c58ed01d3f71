"""Contracts held against the databases they are about: all databases at once, read-only, failures kept apart."""

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
from lookout.contracts.checks.values.check import ValueCheck, check_values, without_values
from lookout.contracts.spec.model import STRUCTURE, Contract, ContractCheck, ObservedTable, Outcome, Violation
from lookout.database.connection import Connection
from lookout.database.options import CollectOptions
from lookout.database.retries import UnreachableError
from lookout.engines.catalog import READABLE_KINDS
from lookout.engines.session import Session
from lookout.engines.source_pool import Emit, explain_failure, unknown_output_message, work_on_sources

Mark = Mapping[tuple[str, str], datetime]
ADVICE = "check new rows only (`incremental`) or a `sample`, or raise the statement timeout."

# Keys are sorted and parents hashed in memory rather than on disk: two to three times as fast on a million rows. One
# session a database, and never less than what the server gives anyway. A connection that is opened anew does without.
WORK_MEMORY = """
select set_config('work_mem', '64MB', false)
where pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')
"""


def check_contracts(
    contracts: Sequence[Contract],
    connections: Mapping[str, Connection],
    *,
    options: CollectOptions | None = None,
    marks: Mark | None = None,
    values: bool = True,
    select: Sequence[str] | None = None,
    on_done: Callable[[ContractCheck], None] | None = None,
    as_of: datetime | None = None,
) -> list[ContractCheck]:
    """Check contracts, every database at once. Returns one check for each selected contract, in their order.

    ``marks`` say by connection and asset up to when the rows of incremental contracts have been checked; rows after
    ``as_of`` do not move them. ``select`` keeps contracts whose name, asset or ``connection.asset`` matches one of the
    patterns (``*`` and ``?``). ``on_done`` is called in the calling thread as soon as a contract is finished; an
    exception of it, or Ctrl-C, ends all queries and is raised again.
    """
    contracts = [contract for contract in contracts if _is_selected(contract, select)]
    checks: dict[int, ContractCheck] = {}
    by_source: dict[str, dict[int, Contract]] = {}

    def tell(check: ContractCheck) -> None:
        if on_done is not None:
            on_done(check)

    def visit(
        session: Session, wanted: Mapping[int, Contract], put: Emit[ContractCheck], stop: threading.Event
    ) -> None:
        _Guard(session, stop, marks or {}, values, as_of).run(wanted, put)

    for position, contract in enumerate(contracts):
        if contract.connection in connections:
            by_source.setdefault(contract.connection, {})[position] = contract
        else:
            checks[position] = _not_evaluated(contract, unknown_output_message(contract.connection), values)
            tell(checks[position])
    checks |= work_on_sources(by_source, connections, options or CollectOptions(), visit, tell)
    return [checks[position] for position in range(len(contracts))]


class _Guard:
    """Checks the contracts of one database, one after the other, in a thread of its own."""

    def __init__(
        self, session: Session, stop: threading.Event, marks: Mark, values: bool, as_of: datetime | None
    ) -> None:
        self._session, self._stop, self._marks, self._values, self._as_of = session, stop, marks, values, as_of

    def run(self, contracts: Mapping[int, Contract], put: Emit[ContractCheck]) -> None:
        """Put one check for each contract, unless it is stopped."""
        with closing(self._session):
            try:
                self._session.fetch_rows(WORK_MEMORY)
                observed = observe(self._session.fetch_rows, [(c.schema, c.table) for c in contracts.values()])
            except (UnreachableError, psycopg2.Error) as error:
                _, message = explain_failure(error, self._session, self._session.connection.location, ADVICE)
                for position, contract in contracts.items():
                    check = _not_evaluated(contract, message, self._values)
                    put(position, replace(check, attempts=self._session.attempts))
                return
            for position, contract in contracts.items():
                if self._stop.is_set():
                    return
                started = time.monotonic()
                check = self._check(contract, observed[contract.schema, contract.table])
                took = time.monotonic() - started
                put(position, replace(check, duration_seconds=took, attempts=self._session.attempts))

    def _check(self, contract: Contract, observed: ObservedTable) -> ContractCheck:
        violations, sentence = check_structure(contract, observed, user=self._session.user)
        structure: Outcome = "violated" if violations else "passed" if _promises_structure(contract) else "none"
        if sentence:
            structure = "not_evaluated"
            violations = (*violations, _unknown(STRUCTURE, sentence))
        found = self._check_values(contract, observed)
        outcome: Outcome = "none" if found is None else found.outcome
        message = " ".join(filter(None, [sentence, found.message if found else ""]))
        check = ContractCheck(contract, structure, outcome, violations, observed, message=message)
        if found is None:
            return check
        return replace(
            check,
            violations=(*violations, *found.violations),
            total_rows=found.total_rows,
            checked_rows=found.checked_rows,
            invalid_rows=found.invalid_rows,
            checked_until=found.checked_until,
        )

    def _check_values(self, contract: Contract, observed: ObservedTable) -> ValueCheck | None:
        if not self._values or not _promises_values(contract):
            return None
        if observed.kind not in READABLE_KINDS:
            # That there is no such table is a violation already; nothing is said twice.
            return ValueCheck(
                "not_evaluated", message=f"There is no table {contract.asset} whose rows could be checked."
            )
        if not observed.is_usable or not any(column.is_readable for column in observed.columns):
            return ValueCheck("not_evaluated")
        place = contract.connection, contract.asset
        since = self._marks.get(place) if contract.incremental else None
        try:
            return check_values(
                self._session.fetch_rows, resolve_names(contract, observed), observed, since=since, until=self._as_of
            )
        except (UnreachableError, psycopg2.Error) as error:
            what = f"Table {contract.asset} of {self._session.connection.location}"
            message = without_values(error, explain_failure(error, self._session, what, ADVICE)[1])
            return ValueCheck("not_evaluated", (_unknown("values", message),), message)


def _is_selected(contract: Contract, select: Sequence[str] | None) -> bool:
    names = (contract.name, contract.asset, f"{contract.connection}.{contract.asset}")
    return select is None or any(fnmatchcase(name, pattern) for name in names for pattern in select)


def _promises_structure(contract: Contract) -> bool:
    return bool(contract.columns or contract.constrained_keys or contract.payload)


def _promises_values(contract: Contract) -> bool:
    return bool(contract.rules or contract.payload)


def _not_evaluated(contract: Contract, message: str, values: bool) -> ContractCheck:
    """A contract whose database could not be asked."""
    outcome: Outcome = "not_evaluated" if values and _promises_values(contract) else "none"
    return ContractCheck(contract, "not_evaluated", outcome, (_unknown(STRUCTURE, message),), message=message)


def _unknown(rule: str, why: str) -> Violation:
    return Violation("", "CONTRACT_NOT_EVALUATED", rule, "can be evaluated", why, "warning")
