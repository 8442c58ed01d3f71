"""Monitors read from ``config.meta.lookout`` of dbt's manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pandas as pd

from lookout.errors import ConfigError, short_repr
from lookout.project.calendar import project_var
from lookout.project.declarations.declared import (
    DeclaredNode,
    check_column_keys,
    connection_of,
    is_watched,
    read_declared_node,
    read_owner,
    read_table,
    timestamp_column,
)
from lookout.project.declarations.grain import BELOW_AN_HOUR, SHORT, UTC, zone_problem
from lookout.project.declarations.metrics import read_metrics
from lookout.project.declarations.monitor import Metric, Monitor
from lookout.project.declarations.nodes import file_of, first_line, name_of, relation_name, table_nodes
from lookout.project.declarations.settings import FreshnessLimits, TableSettings
from lookout.project.validation import Reader, keys_of

MONITOR_COLUMNS = (
    "series_key", "connection", "asset", "column_name", "metric", "kind", "grain", "node_id", "layer", "owner",
    "description", "method", "direction", "warn_score", "critical_score", "alert_from", "lower_limit", "upper_limit",
    "min_absolute_change", "min_relative_change", "window_size", "min_sample_size", "warn_after_seconds",
    "error_after_seconds", "time_zone", "holidays", "settings_hash", "is_active", "updated_at",
)  # fmt: skip
# A year of 5-minute buckets is a hundred thousand.
SHORT_HISTORY = timedelta(days=120)


def load_monitors(
    manifest: Mapping[str, Any],
    *,
    default_connection: str,
    known_connections: Collection[str] | None = None,
    holidays: tuple[str, ...] = (),
    problems: list[str] | None = None,
) -> tuple[Monitor, ...]:
    """Read the monitors declared in a manifest (the dict of ``target/manifest.json``), in order of file and asset.

    Each mistake is one line that names file, asset and key. With ``problems`` the lines are appended to it, and a table
    with a mistake is a monitor with a ``problem``; without, ConfigError is raised with all of them. ``holidays`` are
    the countries of tables that name none.
    """
    is_strict, problems = problems is None, [] if problems is None else problems
    monitors: list[Monitor] = []
    watched: dict[tuple[str, str], str] = {}
    default_zone = _project_zone(manifest, problems)
    for raw in table_nodes(manifest):
        reader = Reader(f"{file_of(raw)}: {name_of(raw)}")
        monitor = _monitor(
            reader, raw, manifest.get("groups") or {}, default_connection, default_zone, known_connections, holidays
        )
        problems += reader.problems
        if monitor is None:
            continue
        monitor = replace(monitor, problem=" ".join(reader.problems))
        other = watched.setdefault((monitor.connection, monitor.asset), name_of(raw))
        if other != name_of(raw):
            problems.append(
                f"{reader.where}: table {monitor.asset} of connection '{monitor.connection}' is already watched by "
                f"{other}; declare all its metrics in one place."
            )
            continue
        monitors.append(monitor)
    if problems and is_strict:
        raise ConfigError("\n".join(problems))
    return tuple(monitors)


def _project_zone(manifest: Mapping[str, Any], problems: list[str]) -> str:
    """Return the time zone of tables that name none: that of the var ``lookout_time_zone``, else UTC."""
    zone = str(project_var(manifest, "lookout_time_zone") or UTC)
    problem = zone_problem(zone)
    if problem:
        problems.append(f"dbt_project.yml: the var lookout_time_zone is {short_repr(zone)}; {problem}")
    return UTC if problem else zone


def settings_hash(monitor: Monitor, metric: Metric) -> str:
    """Hash everything that changes what a series holds or how it is judged; owner and wording do not count."""
    parts = [
        monitor.timestamp_column,
        monitor.row_filter,
        monitor.grain,
        metric.kind,
        metric.expression,
        metric.method,
        metric.direction,
        metric.warn_score,
        metric.critical_score,
        metric.alert_from,
        metric.lower_limit,
        metric.upper_limit,
        metric.min_absolute_change,
        metric.min_relative_change,
        metric.window,
        metric.min_sample_size,
        _seconds(monitor.warn_after),
        _seconds(monitor.error_after),
        # Not for those in UTC, whose hashes are older than time zones.
        *([monitor.time_zone] if monitor.time_zone != UTC else []),
    ]
    if monitor.holidays:
        # Not an item of every list, so that series without holidays keep their hash.
        parts.append(", ".join(monitor.holidays))
    return hashlib.md5(json.dumps(parts, ensure_ascii=False).encode(), usedforsecurity=False).hexdigest()


def monitor_rows(monitors: Sequence[Monitor], as_of: datetime) -> pd.DataFrame:
    """Return the rows of the ``monitors`` landing table: one per series, columns as in MONITOR_COLUMNS."""
    rows = [
        (
            monitor.key_of(metric),
            monitor.connection,
            monitor.asset,
            metric.column_name,
            metric.name,
            metric.kind,
            monitor.grain,
            monitor.node_id,
            monitor.layer,
            monitor.owner,
            metric.description or monitor.description,
            metric.method,
            metric.direction,
            metric.warn_score,
            metric.critical_score,
            metric.alert_from,
            metric.lower_limit,
            metric.upper_limit,
            metric.min_absolute_change,
            metric.min_relative_change,
            metric.window,
            metric.min_sample_size,
            _seconds(monitor.warn_after),
            _seconds(monitor.error_after),
            None if monitor.time_zone == UTC else monitor.time_zone,
            ", ".join(monitor.holidays) or None,
            settings_hash(monitor, metric),
            True,
            as_of,
        )
        for monitor in monitors
        for metric in monitor.metrics
    ]
    frame = pd.DataFrame(rows, columns=list(MONITOR_COLUMNS))
    numbers = [name for name in MONITOR_COLUMNS if name.endswith(("_score", "_limit", "_change", "_seconds"))]
    types: dict[str, str] = dict.fromkeys(numbers, "float64")
    types |= {"window_size": "Int64", "min_sample_size": "Int64", "is_active": "bool"}
    return frame.astype(cast(Any, types)).assign(updated_at=pd.Timestamp(as_of))


def _monitor(
    reader: Reader,
    raw: Mapping[str, Any],
    groups: Mapping[str, Any],
    default_connection: str,
    default_zone: str,
    known_connections: Collection[str] | None,
    holidays: tuple[str, ...],
) -> Monitor | None:
    check_column_keys(reader, raw)
    node = read_declared_node(reader, raw)
    if node is None:
        return None
    is_on = node.settings.get("enabled") is not False and is_watched(node)
    settings = read_table(reader, node, None if is_on else ("enabled",))
    if not is_on:
        return None
    if (raw.get("config") or {}).get("materialized") == "ephemeral":
        reader.wrong("an ephemeral model has no table to watch; materialize it or remove its `lookout` settings.")
    limits = settings.freshness or _limits_of_dbt(reader, node)
    loaded_at = timestamp_column(reader, node, settings.timestamp_column)
    return Monitor(
        connection=connection_of(reader, settings.connection, default_connection, known_connections),
        schema=settings.schema_name or str(raw.get("schema") or ""),
        table=settings.table or relation_name(raw),
        timestamp_column=loaded_at,
        grain=settings.grain,
        time_zone=settings.time_zone or default_zone,
        metrics=read_metrics(reader, settings, raw.get("columns") or {}, loaded_at),
        node_id=str(raw.get("unique_id") or ""),
        file=node.file,
        owner=read_owner(reader, node, groups),
        layer=settings.layer or ("cdc" if settings.grain in SHORT else "batch"),
        description=settings.description or first_line(raw.get("description")),
        row_filter=settings.filter,
        late_window=settings.late_window,
        history=_history(settings),
        delay=settings.delay,
        warn_after=limits.warn_after,
        error_after=limits.error_after,
        is_model=not node.is_source,
        dimensions=settings.dimensions,
        holidays=holidays if settings.holidays is None else settings.holidays,
    )


def _history(settings: TableSettings) -> timedelta:
    """Return how far back a new table is read: below an hour no further than learning looks, unless it is set."""
    if "history" in settings.model_fields_set or settings.grain not in BELOW_AN_HOUR:
        return settings.history
    return SHORT_HISTORY


def _limits_of_dbt(reader: Reader, node: DeclaredNode) -> FreshnessLimits:
    """Return the limits of dbt's own `freshness` of a source, unless Lookout's settings have the key."""
    if not node.is_source or "freshness" in node.settings:
        return FreshnessLimits()
    # dbt writes {count: null, period: null} for a limit that is not set.
    limits = {
        key: limit
        for key, limit in (node.raw.get("freshness") or {}).items()
        if key in keys_of(FreshnessLimits) and isinstance(limit, Mapping) and limit.get("count")
    }
    return reader.read(FreshnessLimits, limits, "freshness") or FreshnessLimits()


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
