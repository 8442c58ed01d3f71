"""Checks of a monitor: the metrics that can be measured on its table, and the mistakes in the others."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from lookout.engines.catalog import NUMBER_TYPES, READABLE_KINDS, TIME_TYPES, WITHOUT_EQUALITY, Relation, Status
from lookout.plain import plain_name
from lookout.project.declarations.monitor import Metric, Monitor

NEEDS_NUMBER = ("mean", "min", "max", "sum", "stddev", "zero_rate", "negative_rate")


@dataclass(frozen=True)
class MonitorCheck:
    """Metrics that can be measured: none when nothing can be; ``message`` is one sentence when not all can be."""

    metrics: tuple[Metric, ...]
    status: Status = "ok"
    message: str = ""


def check_monitor(
    monitor: Monitor, relation: Relation, user: str, known: Collection[tuple[str, str]] = ()
) -> MonitorCheck:
    """Compare a monitor with the table it watches. ``known`` are the (schema, table) names that exist."""
    name, column = monitor.asset, monitor.timestamp_column
    if relation.kind is None:
        return MonitorCheck((), "missing_table", _missing_table(monitor, relation, known))
    if relation.kind not in READABLE_KINDS:
        return MonitorCheck(
            (), "missing_table", f"{name} is not a table or a view; watch a table, or correct the name."
        )
    if not relation.is_usable:
        sentence = f"User '{user}' may not use schema {monitor.schema}: grant usage on it to '{user}'."
        return MonitorCheck((), "permission_denied", sentence)
    if column not in relation.columns:
        return MonitorCheck((), "missing_column", _missing_column(monitor, relation, column))
    kind = relation.columns[column]
    if kind not in TIME_TYPES:
        sentence = (
            f"Timestamp column '{column}' of {name} is of type {kind}: name a column of type timestamptz, timestamp or "
            "date, or watch a view that converts it."
        )
        return MonitorCheck((), "wrong_type", sentence)
    if kind == "date" and monitor.clock.step < timedelta(days=1):
        sentence = f"Timestamp column '{column}' of {name} is a date and holds no hours: set grain: day."
        return MonitorCheck((), "wrong_type", sentence)
    if column in relation.hidden:
        return MonitorCheck((), "permission_denied", _not_readable(name, column, user))
    return _examine_metrics(monitor, relation, user)


def _examine_metrics(monitor: Monitor, relation: Relation, user: str) -> MonitorCheck:
    """Check each metric: the rest of a table is still watched when one metric cannot be measured."""
    sound: list[Metric] = []
    problems: list[tuple[Status, str]] = []
    for metric in monitor.metrics:
        problem = _metric_problem(monitor, relation, metric, user)
        if problem is None:
            sound.append(metric)
        elif problem not in problems:
            problems.append(problem)
    if not problems:
        return MonitorCheck(tuple(sound))
    status = problems[0][0]
    return MonitorCheck(tuple(sound), status, "; ".join(text.rstrip(".?") for _, text in problems) + ".")


def _metric_problem(monitor: Monitor, relation: Relation, metric: Metric, user: str) -> tuple[Status, str] | None:
    column, name = metric.column_name, monitor.asset
    if not column or metric.expression is not None:
        return None
    if column not in relation.columns:
        return "missing_column", _missing_column(monitor, relation, column)
    if column in relation.hidden:
        return "permission_denied", _not_readable(name, column, user)
    kind = relation.columns[column]
    if metric.name in NEEDS_NUMBER and kind not in NUMBER_TYPES:
        return "wrong_type", f"Metric {metric.name} needs a number, and column '{column}' of {name} is of type {kind}."
    if metric.name == "distinct_count" and kind in WITHOUT_EQUALITY:
        return "wrong_type", f"Values of type {kind} (column '{column}' of {name}) cannot be counted as distinct."
    return None


def _missing_table(monitor: Monitor, relation: Relation, known: Collection[tuple[str, str]]) -> str:
    if not relation.schema_exists:
        hint = _similar(monitor.schema, {schema for schema, _ in known})
        return f"There is no schema '{monitor.schema}'{hint or ', or it is in another database.'}"
    hint = _similar(monitor.table, {table for schema, table in known if schema == monitor.schema})
    hint = hint or "; correct its name."
    return plain_name(f"There is no table '{monitor.table}' in schema '{monitor.schema}'{hint}")


def _missing_column(monitor: Monitor, relation: Relation, column: str) -> str:
    hint = _similar(column, relation.columns) or "; correct its name or remove its metrics."
    return f"Table {monitor.asset} has no column '{column}'{hint}"


def _not_readable(name: str, column: str, user: str) -> str:
    return f"User '{user}' may not read column '{column}' of {name}: grant select on it to '{user}'."


def _similar(word: str, known: Collection[str]) -> str:
    # Names that differ only in case are what a folded identifier looks like; difflib alone would rank them lower.
    same = [name for name in known if name.lower() == word.lower()]
    close = same or difflib.get_close_matches(word, sorted(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
