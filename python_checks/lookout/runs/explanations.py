"""Explanations of anomalies by dimension: pick the alerts, query their sources once each, store the results."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd
import psycopg2

from lookout.database.connection import Connection, clean_message
from lookout.database.options import CollectOptions
from lookout.database.retries import UnreachableError
from lookout.database.sql_files import read_sql
from lookout.engines.catalog import CATALOG_QUERY, Relation, read_catalog_rows
from lookout.engines.session import Session
from lookout.profiling.drilldown import (
    LEAST_COMPARED,
    Drilldown,
    Explanation,
    explain_drilldown,
    failed_explanation,
    plan_drilldown,
)
from lookout.runs.recording import Run

MOST_EXPLAINED = 20
# A drill-down is optional: it must not delay a run, nor load a source, for long.
PATIENCE_SECONDS = 30.0
TICK = 0.2

# The worst bucket of each anomaly that is open or new and not explained yet, and the ordinary buckets to compare it
# with: the last eight of the same slot of the week, or where there are fewer than four, the last eight of all.
PENDING = read_sql(__package__, "pending_explanations")
LEAST_SAME_SLOT = 4


def explain_alerts(run: Run, *, most: int = MOST_EXPLAINED) -> int:
    """Explain the alerts that are open or new to this run, at most so many. Returns the rows written.

    An error is stored in place of the explanation: an explanation never fails a run.
    """
    by_key = {
        monitor.key_of(metric): (monitor, metric)
        for monitor in run.declared.monitors
        for metric in monitor.metrics
        if metric.dimensions and not monitor.problem
    }
    if not by_key or most < 1:
        return 0
    found = run.store.query(PENDING, {"keys": list(by_key), "known": sorted(run.known_alerts), "most": most})
    requests = []
    for _, row in found.iterrows():
        compared = row["same_slot"] if len(row["same_slot"]) >= LEAST_SAME_SLOT else row["latest"]
        observed = None if pd.isna(row["observed_value"]) else float(row["observed_value"])
        monitor, metric = by_key[row["series_key"]]
        start: datetime = row["bucket_start"].to_pydatetime()
        requests.append(Drilldown(row["alert_key"], monitor, metric, start, tuple(compared), observed))
    explanations = query_sources(requests, run.workspace.connections, run.workspace.home.options)
    rows = [
        {
            "alert_key": request.alert_key,
            "dimension": explanation.dimension,
            "explanation": explanation.text,
            "details": json.dumps(explanation.details, ensure_ascii=False),
            "bucket_start": request.bucket_start,
            "explained_at": run.as_of,
        }
        for request, answer in zip(requests, explanations, strict=True)
        for explanation in answer
    ]
    return run.store.upsert("alert_explanations", pd.DataFrame(rows))


def query_sources(
    requests: Sequence[Drilldown], connections: Mapping[str, Connection], options: CollectOptions
) -> list[list[Explanation]]:
    """Query all sources at once about their anomalies. Return a list of explanations for each request, in order."""
    options = replace(options, statement_timeout=min(options.statement_timeout, PATIENCE_SECONDS))
    answers: dict[int, list[Explanation]] = {}
    by_source: dict[str, dict[int, Drilldown]] = {}
    for position, request in enumerate(requests):
        if len(request.compared) < LEAST_COMPARED:
            answers[position] = _all_failed(request, "there are too few ordinary buckets before it to compare with")
        elif request.monitor.connection not in connections:
            answers[position] = _all_failed(request, f"profiles.yml has no output '{request.monitor.connection}'")
        else:
            by_source.setdefault(request.monitor.connection, {})[position] = request
    stop = threading.Event()
    sessions = {name: Session(connections[name], options, stop) for name in by_source}
    with ThreadPoolExecutor(max(1, min(len(sessions), options.max_connections)), "lookout-drill") as pool:
        futures = {pool.submit(_query_source, sessions[name], by_source[name]): name for name in by_source}
        _wait(list(futures), list(sessions.values()), stop)
    for future in futures:
        answers |= future.result()
    return [answers[position] for position in range(len(requests))]


def _wait(futures: Sequence[Future[Any]], sessions: Sequence[Session], stop: threading.Event) -> None:
    pending = set(futures)
    try:
        while pending:
            pending = wait(pending, timeout=TICK).not_done
    except BaseException:
        stop.set()
        for session in sessions:
            session.cancel()
            session.hang_up()
        raise


def _query_source(session: Session, requests: Mapping[int, Drilldown]) -> dict[int, list[Explanation]]:
    answers: dict[int, list[Explanation]] = {}
    wanted = sorted({(request.monitor.schema, request.monitor.table) for request in requests.values()})
    names = {"schemas": [schema for schema, _ in wanted], "tables": [table for _, table in wanted]}
    unreachable = ""
    with closing(session):
        try:
            found = read_catalog_rows(session.fetch_rows(CATALOG_QUERY, names))
        except (UnreachableError, psycopg2.Error) as error:
            unreachable = _reason(error)
        for position, request in requests.items():
            if unreachable:
                answers[position] = _all_failed(request, unreachable)
                continue
            try:
                answers[position] = _answer(session, request, found[request.monitor.schema, request.monitor.table])
            except (UnreachableError, psycopg2.Error) as error:
                answers[position] = _all_failed(request, _reason(error))
                # A source that cannot be reached any more is not queried for the others.
                if isinstance(error, UnreachableError) or session.is_overdue:
                    unreachable = _reason(error)
    return answers


def _answer(session: Session, request: Drilldown, relation: Relation) -> list[Explanation]:
    """Return explanations by the dimensions that the table has, and failures for the others."""
    known = [name for name in request.dimensions if name in relation.columns and name not in relation.hidden]
    unknown = [
        failed_explanation(name, f"table {request.monitor.asset} has no column of that name that may be read")
        for name in request.dimensions
        if name not in known
    ]
    if not known or request.monitor.timestamp_column not in relation.columns:
        return unknown or _all_failed(request, f"table {request.monitor.asset} has changed")
    try:
        return [*_explain(session, request, relation, known), *unknown]
    except psycopg2.DataError as error:
        if len(known) == 1:
            return [failed_explanation(known[0], _reason(error)), *unknown]
    # A column with a value that cannot be read does not hide the others.
    alone = [
        _answer(session, replace(request, metric=replace(request.metric, dimensions=(n,))), relation) for n in known
    ]
    return [*(explanation for answer in alone for explanation in answer), *unknown]


def _explain(session: Session, request: Drilldown, relation: Relation, known: Sequence[str]) -> list[Explanation]:
    drilldown = replace(request, metric=replace(request.metric, dimensions=tuple(known)))
    return explain_drilldown(drilldown, session.fetch_rows(plan_drilldown(drilldown, relation)))


def _all_failed(request: Drilldown, message: str) -> list[Explanation]:
    return [failed_explanation(name, message) for name in request.dimensions]


def _reason(error: Exception) -> str:
    message = str(error) if isinstance(error, UnreachableError) else clean_message(error)
    return message.rstrip(".")
