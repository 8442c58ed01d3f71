"""Monitors read from ``config.meta.lookout`` of dbt's manifest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pandas as pd

from lookout.errors import ArtifactError, ConfigError
from lookout.project.declarations.metrics import read_metrics
from lookout.project.declarations.monitor import GRAIN_STEP, Grain, Metric, Monitor
from lookout.project.declarations.nodes import (
    DeclaredNode,
    check_column_keys,
    connection_of,
    file_of,
    first_line,
    is_watched,
    name_of,
    owner_setting,
    read_declared_node,
    relation_name,
    table_nodes,
    timestamp_column,
)
from lookout.project.declarations.settings import TABLE_KEYS, Reader

MANIFEST_VERSIONS = (11, 12)
MONITOR_COLUMNS = (
    "series_key", "connection", "asset", "column_name", "metric", "kind", "grain", "node_id", "layer", "owner",
    "description", "method", "direction", "warn_score", "critical_score", "alert_from", "lower_limit", "upper_limit",
    "min_absolute_change", "min_relative_change", "window_size", "min_sample_size", "warn_after_seconds",
    "error_after_seconds", "settings_hash", "is_active", "updated_at",
)  # fmt: skip


def check_manifest_version(manifest: Mapping[str, Any], file: str = "target/manifest.json") -> None:
    """Raise ArtifactError unless the manifest has a schema version that Lookout reads (v11 and v12)."""
    metadata = manifest.get("metadata")
    schema = metadata.get("dbt_schema_version") if isinstance(metadata, Mapping) else None
    match = re.search(r"/manifest/v(\d+)(?:\.json)?$", str(schema or ""))
    if match is None:
        raise ArtifactError(f"{file} is not a dbt manifest: run `dbt parse` to write it again.")
    if int(match[1]) not in MANIFEST_VERSIONS:
        advice = "upgrade Lookout" if int(match[1]) > max(MANIFEST_VERSIONS) else "upgrade dbt-core to 1.11"
        raise ArtifactError(
            f"{file} has schema version v{match[1]}, and Lookout reads v11 and v12 (dbt-core 1.7 to 1.11): {advice}, "
            "then run `dbt parse`."
        )


def load_monitors(
    manifest: Mapping[str, Any], *, default_connection: str, known_connections: Collection[str] | None = None
) -> tuple[Monitor, ...]:
    """Read the monitors declared in a manifest (the dict of ``target/manifest.json``), in order of file and asset.

    Raises ConfigError with one line per mistake, each naming file, asset and key.
    """
    problems: list[str] = []
    monitors: list[Monitor] = []
    watched: dict[tuple[str, str], str] = {}
    for raw in table_nodes(manifest):
        reader = Reader(f"{file_of(raw)}: {name_of(raw)}")
        monitor = _monitor(reader, raw, manifest.get("groups") or {}, default_connection, known_connections)
        problems += reader.problems
        if monitor is None:
            continue
        other = watched.setdefault((monitor.connection, monitor.asset), name_of(raw))
        if other != name_of(raw):
            problems.append(
                f"{reader.where}: table {monitor.asset} of connection '{monitor.connection}' is already watched by "
                f"{other}; declare all its metrics in one place."
            )
        monitors.append(monitor)
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(monitors)


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
    ]
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
    known_connections: Collection[str] | None,
) -> Monitor | None:
    check_column_keys(reader, raw)
    node = read_declared_node(reader, raw)
    if node is None:
        return None
    settings = node.settings
    reader.unknown_keys(settings, TABLE_KEYS, "lookout")
    if not reader.switch(settings.get("enabled"), "enabled", default=True) or not is_watched(node):
        return None
    if (raw.get("config") or {}).get("materialized") == "ephemeral":
        reader.wrong("an ephemeral model has no table to watch; materialize it or remove its `lookout` settings.")
    connection = connection_of(reader, settings, default_connection, known_connections)
    grain = cast(Grain, reader.choice(settings.get("grain"), "grain", tuple(GRAIN_STEP)) or "day")
    loaded_at = timestamp_column(reader, node)
    warn_after, error_after = _freshness(reader, node)
    reach: dict[str, Any] = {
        "late_window": reader.duration(settings.get("late_window"), "late_window", zero=True),
        "history": reader.duration(settings.get("history"), "history"),
    }
    return Monitor(
        connection=connection,
        schema=reader.text(settings.get("schema"), "schema") or str(raw.get("schema") or ""),
        table=reader.text(settings.get("table"), "table") or relation_name(raw),
        timestamp_column=loaded_at,
        grain=grain,
        metrics=read_metrics(reader, settings, raw.get("columns") or {}, grain, loaded_at),
        node_id=str(raw.get("unique_id") or ""),
        file=node.file,
        owner=reader.text(owner_setting(raw, settings, groups), "owner") or "",
        layer=reader.text(settings.get("layer"), "layer") or ("batch" if grain == "day" else "cdc"),
        description=reader.text(settings.get("description"), "description") or first_line(raw.get("description")),
        row_filter=reader.text(settings.get("filter"), "filter"),
        warn_after=warn_after,
        error_after=error_after,
        is_model=not node.is_source,
        dimensions=Reader("").names(settings.get("dimensions"), "dimensions"),
        **{key: value for key, value in reach.items() if value is not None},
    )


def _freshness(reader: Reader, node: DeclaredNode) -> tuple[timedelta | None, timedelta | None]:
    if "freshness" in node.settings:
        limits = reader.mapping(node.settings["freshness"], "freshness")
        reader.unknown_keys(limits, ("warn_after", "error_after"), "freshness")
    elif node.is_source:
        limits = dict(node.raw.get("freshness") or {})
        # dbt writes {count: null, period: null} for a limit that is not set.
        limits = {key: value for key, value in limits.items() if isinstance(value, Mapping) and value.get("count")}
    else:
        limits = {}
    warn_after = reader.duration(limits.get("warn_after"), "freshness.warn_after")
    error_after = reader.duration(limits.get("error_after"), "freshness.error_after")
    if warn_after and error_after and warn_after > error_after:
        reader.wrong("freshness.warn_after is longer than freshness.error_after; a warning must come first.")
    return warn_after, error_after


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
