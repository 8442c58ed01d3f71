"""Collection from the monitored databases: all at once, one thread and read-only connection each, one query a table."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2 import sql

from lookout.database.connection import Connection, clean_message
from lookout.database.options import CollectOptions
from lookout.database.retries import UnreachableError
from lookout.engines.catalog import CATALOG_QUERY, NAMES_QUERY, Relation, Status, read_catalog_rows
from lookout.engines.session import Session
from lookout.engines.source_pool import Emit, explain_failure, unknown_output_message, work_on_sources
from lookout.profiling.checks import MonitorCheck, check_monitor
from lookout.profiling.outcome import CollectionOutcome
from lookout.profiling.query import (
    FREE,
    ProfilePlan,
    ProfileRequest,
    TableProfile,
    plan_profile,
    read_profile_rows,
)
from lookout.project.declarations.monitor import Metric, Monitor

__all__ = ["CollectOptions", "CollectionOutcome", "ProfileRequest", "collect"]

# Errors of a value or of somebody's SQL, as opposed to those of the server or of the connection.
VALUE_OR_SQL = (psycopg2.DataError, psycopg2.ProgrammingError, psycopg2.InternalError, psycopg2.NotSupportedError)


def collect(
    requests: Sequence[ProfileRequest],
    connections: Mapping[str, Connection],
    *,
    as_of: datetime,
    options: CollectOptions | None = None,
    on_done: Callable[[CollectionOutcome], None] | None = None,
) -> list[CollectionOutcome]:
    """Profile tables, every source database at once. Returns one outcome for each request, in their order.

    ``on_done`` is called in the calling thread as soon as a table is finished. A source that fails is an outcome for
    each of its tables. An exception of ``on_done``, or Ctrl-C, ends all queries and is raised again.
    """
    outcomes: dict[int, CollectionOutcome] = {}
    by_source: dict[str, dict[int, ProfileRequest]] = {}

    def report(outcome: CollectionOutcome) -> None:
        if on_done is not None:
            on_done(outcome)

    def work(
        session: Session, wanted: Mapping[int, ProfileRequest], put: Emit[CollectionOutcome], stop: threading.Event
    ) -> None:
        _Collector(session, as_of, stop).run(wanted, put)

    for position, request in enumerate(requests):
        name = request.monitor.connection
        if request.monitor.problem:
            outcomes[position] = CollectionOutcome(request.monitor, "wrong_setting", request.monitor.problem)
            report(outcomes[position])
        elif name in connections:
            by_source.setdefault(name, {})[position] = request
        else:
            outcomes[position] = CollectionOutcome(request.monitor, "source_unreachable", unknown_output_message(name))
            report(outcomes[position])
    outcomes |= work_on_sources(by_source, connections, options or CollectOptions(), work, report)
    return [outcomes[position] for position in range(len(requests))]


class _Collector:
    """Profiler of the tables of one source database, one after the other, in a thread of its own."""

    def __init__(self, session: Session, as_of: datetime, stop: threading.Event) -> None:
        self._session, self._as_of, self._stop = session, as_of, stop

    def run(self, requests: Mapping[int, ProfileRequest], put: Emit[CollectionOutcome]) -> None:
        """Put one outcome for each request, unless the collection is stopped."""
        with closing(self._session):
            try:
                found, known = self._catalog([request.monitor for request in requests.values()])
            except (UnreachableError, psycopg2.Error) as error:
                status, message = self._explain(error)
                for position, request in requests.items():
                    outcome = CollectionOutcome(request.monitor, status, message, attempts=self._session.attempts)
                    put(position, outcome)
                return
            for position, request in requests.items():
                if self._stop.is_set():
                    return
                relation = found[request.monitor.schema, request.monitor.table]
                finding = check_monitor(request.monitor, relation, self._session.user, known)
                outcome = self._table(request, relation, finding)
                put(position, replace(outcome, attempts=self._session.attempts))

    def _catalog(self, monitors: Sequence[Monitor]) -> tuple[dict[tuple[str, str], Relation], list[tuple[str, str]]]:
        """Return the wanted tables by (schema, table); and the names of all tables when one of them is missing."""
        wanted = sorted({(monitor.schema, monitor.table) for monitor in monitors})
        names = {"schemas": [schema for schema, _ in wanted], "tables": [table for _, table in wanted]}
        found = read_catalog_rows(self._session.fetch_rows(CATALOG_QUERY, names))
        if all(relation.kind is not None for relation in found.values()):
            return found, []
        return found, [(schema, table) for schema, table in self._session.fetch_rows(NAMES_QUERY)]

    def _table(self, request: ProfileRequest, relation: Relation, finding: MonitorCheck) -> CollectionOutcome:
        if not finding.metrics:
            return CollectionOutcome(request.monitor, finding.status, finding.message)
        try:
            try:
                return self._profile(request, relation, finding)
            except VALUE_OR_SQL as error:
                sound = self._without_failing(request, relation, finding, error)
            return self._profile(request, relation, sound)
        except (UnreachableError, psycopg2.Error) as error:
            return CollectionOutcome(request.monitor, *self._explain(error, request.monitor))

    def _without_failing(
        self, request: ProfileRequest, relation: Relation, finding: MonitorCheck, error: psycopg2.Error
    ) -> MonitorCheck:
        """Return the finding without the metrics that fail: a value or an expression must not blind the whole table.

        Raises psycopg2.Error when the table cannot be read at all.
        """
        self._measure(request, relation, ())
        free = [metric for metric in finding.metrics if metric.name in FREE]
        failing = self._failing(request, relation, [m for m in finding.metrics if m not in free], error)
        reasons: dict[str, list[str]] = {}
        status: Status = finding.status
        for metric, failure in failing.items():
            found, _ = self._explain(failure)
            status = found if status == "ok" else status
            reasons.setdefault(clean_message(failure).rstrip("."), []).append(metric.label)
        sentences = [f"{', '.join(names)} could not be measured: {reason}" for reason, names in reasons.items()]
        prefix = f"Table {request.monitor.asset} of {self._session.connection.location}: "
        message = prefix + "; ".join(filter(None, [*sentences, finding.message.rstrip(".")])) + "."
        return MonitorCheck(tuple(m for m in finding.metrics if m not in failing), status, message)

    def _failing(
        self, request: ProfileRequest, relation: Relation, metrics: Sequence[Metric], error: psycopg2.Error
    ) -> dict[Metric, psycopg2.Error]:
        """Return the error of each failing metric of some that fail together, by halving them."""
        if len(metrics) == 1:
            return {metrics[0]: error}
        found: dict[Metric, psycopg2.Error] = {}
        for half in (metrics[: len(metrics) // 2], metrics[len(metrics) // 2 :]):
            try:
                self._measure(request, relation, half)
            except VALUE_OR_SQL as failure:
                found |= self._failing(request, relation, half, failure)
        return found

    def _measure(
        self, request: ProfileRequest, relation: Relation, metrics: Sequence[Metric]
    ) -> tuple[ProfilePlan, list[tuple[Any, ...]]]:
        plan = plan_profile(request, relation, metrics, self._as_of)
        return plan, self._session.fetch_rows(plan.query)

    def _profile(self, request: ProfileRequest, relation: Relation, finding: MonitorCheck) -> CollectionOutcome:
        monitor = request.monitor
        started = time.monotonic()
        plan, rows = self._measure(request, relation, finding.metrics)
        duration = time.monotonic() - started
        profile = read_profile_rows(plan, rows)
        status, message = finding.status, finding.message
        if status == "ok" and not profile.rows_profiled:
            status, message = self._why_no_rows(request, plan.since, profile)
        elif status == "ok":
            message = _left_out_message(monitor, profile, self._as_of, relation.columns[monitor.timestamp_column])
        return CollectionOutcome(
            monitor,
            status,
            message,
            profile.observations,
            profile.first_bucket,
            profile.latest_at,
            plan.since,
            plan.until if status in ("ok", "empty") else None,
            profile.rows_profiled,
            profile.future_rows,
            profile.undated_rows,
            tuple(monitor.key_of(metric) for metric in monitor.metrics if metric not in finding.metrics),
            duration,
            profile.counts,
            plan.until,
        )

    def _why_no_rows(self, request: ProfileRequest, since: datetime, profile: TableProfile) -> tuple[Status, str]:
        """Tell an empty table from a quiet one, by reading one row. Used only when no bucket holds a row."""
        monitor = request.monitor
        undated = f" {_undated_sentence(monitor, profile)}" if profile.undated_rows else ""
        table = sql.Identifier(monitor.schema, monitor.table)
        if not self._session.fetch_rows(sql.SQL("select 1 from {} limit 1").format(table)):
            return "empty", f"Table {monitor.asset} holds no rows; check the job that loads it."
        if request.first_bucket is not None:
            return "ok", undated.strip()
        which = " that pass its filter" if monitor.row_filter else ""
        return "empty", (
            f"Table {monitor.asset} holds no rows{which} with '{monitor.timestamp_column}' from {since:%Y-%m-%d} on; "
            f"check the job that loads it, or lengthen `history`.{undated}"
        )

    def _explain(self, error: Exception, monitor: Monitor | None = None) -> tuple[Status, str]:
        """Return status and one sentence for a failed query."""
        location = self._session.connection.location
        what = f"Table {monitor.asset} of {location}" if monitor else location
        advice = "index its timestamp, shorten `history`, or raise the statement timeout."
        return explain_failure(error, self._session, what, advice)


def _left_out_message(monitor: Monitor, profile: TableProfile, as_of: datetime, time_type: str) -> str:
    """Return sentences about rows and values that no metric counts; empty when there are none."""
    sentences = []
    if profile.future_rows:
        sentences.append(
            f"Table {monitor.asset} holds {_rows(profile.future_rows)} with '{monitor.timestamp_column}' after "
            f"{as_of:%Y-%m-%d %H:%M} UTC; they are not judged."
        )
        if time_type == "timestamp":
            sentences.append(f"Times without a zone are read as {monitor.time_zone}: set `time_zone` if that is wrong.")
    if profile.undated_rows:
        sentences.append(_undated_sentence(monitor, profile))
    if profile.not_finite:
        found = " and ".join(f"{_rows(count)} of '{name}'" for name, count in profile.not_finite.items())
        sentences.append(f"Table {monitor.asset} holds NaN or infinity in {found}; numbers are judged without them.")
    return " ".join(sentences)


def _undated_sentence(monitor: Monitor, profile: TableProfile) -> str:
    return (
        f"Table {monitor.asset} holds {_rows(profile.undated_rows)} without a time in '{monitor.timestamp_column}'; "
        "they belong to no bucket and are not judged."
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
