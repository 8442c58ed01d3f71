"""Which tables are watched and how: ``config.meta.lookout`` of dbt's manifest becomes a tuple of monitors."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import pandas as pd

from python_checks.errors import ArtifactError, ConfigError
from python_checks.metric_settings import read_metrics
from python_checks.monitors import GRAIN_STEP, Grain, Metric, Monitor
from python_checks.settings_schema import CONTRACT_KEYS, TABLE_KEYS, WATCH_KEYS, Reader, shown

MANIFEST_VERSIONS = (11, 12)
WATCHED_TYPES = ("model", "seed", "snapshot")
MONITOR_COLUMNS = (
    "series_key", "connection", "asset", "column_name", "metric", "kind", "grain", "node_id", "layer", "owner",
    "description", "method", "direction", "warn_score", "critical_score", "alert_from", "lower_limit", "upper_limit",
    "min_absolute_change", "min_relative_change", "window_size", "min_sample_size", "warn_after_seconds",
    "error_after_seconds", "settings_hash", "is_active", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class _Node:
    """A dbt node that declares something for Lookout: ``settings`` is its own mapping over that of its source."""

    raw: Mapping[str, Any]
    settings: Mapping[str, Any]
    is_inherited: bool
    file: str
    name: str

    @property
    def is_source(self) -> bool:
        return bool(self.raw.get("resource_type") == "source")


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
    """Monitors declared in a manifest (the dict of ``target/manifest.json``), in order of file and asset.

    Raises ConfigError with one line per mistake, each naming file, asset and key.
    """
    problems: list[str] = []
    monitors: list[Monitor] = []
    watched: dict[tuple[str, str], str] = {}
    for raw in _nodes(manifest):
        reader = Reader(f"{_file(raw)}: {_name(raw)}")
        monitor = _monitor(reader, raw, manifest.get("groups") or {}, default_connection, known_connections)
        problems += reader.problems
        if monitor is None:
            continue
        other = watched.setdefault((monitor.connection, monitor.asset), _name(raw))
        if other != _name(raw):
            problems.append(
                f"{reader.where}: table {monitor.asset} of connection '{monitor.connection}' is already watched by "
                f"{other}; declare all its metrics in one place."
            )
        monitors.append(monitor)
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(monitors)


def settings_hash(monitor: Monitor, metric: Metric) -> str:
    """Hash of everything that changes what a series holds or how it is judged; owner and wording do not count."""
    parts = [
        monitor.timestamp_column, monitor.row_filter, monitor.grain, metric.kind, metric.expression, metric.method,
        metric.direction, metric.warn_score, metric.critical_score, metric.alert_from, metric.lower_limit,
        metric.upper_limit, metric.min_absolute_change, metric.min_relative_change, metric.window,
        metric.min_sample_size, _seconds(monitor.warn_after), _seconds(monitor.error_after),
    ]  # fmt: skip
    return hashlib.md5(json.dumps(parts, ensure_ascii=False).encode(), usedforsecurity=False).hexdigest()


def monitor_rows(monitors: Sequence[Monitor], as_of: datetime) -> pd.DataFrame:
    """The ``monitors`` landing table: one row per series, columns as in MONITOR_COLUMNS."""
    rows = [
        (
            monitor.key_of(metric), monitor.connection, monitor.asset, metric.column_name, metric.name, metric.kind,
            monitor.grain, monitor.node_id, monitor.layer, monitor.owner, metric.description or monitor.description,
            metric.method, metric.direction, metric.warn_score, metric.critical_score, metric.alert_from,
            metric.lower_limit, metric.upper_limit, metric.min_absolute_change, metric.min_relative_change,
            metric.window, metric.min_sample_size, _seconds(monitor.warn_after), _seconds(monitor.error_after),
            settings_hash(monitor, metric), True, as_of,
        )
        for monitor in monitors
        for metric in monitor.metrics
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(MONITOR_COLUMNS))
    numbers = [name for name in MONITOR_COLUMNS if name.endswith(("_score", "_limit", "_change", "_seconds"))]
    types: dict[str, str] = dict.fromkeys(numbers, "float64")
    types |= {"window_size": "Int64", "min_sample_size": "Int64", "is_active": "bool"}
    return frame.astype(cast(Any, types)).assign(updated_at=pd.Timestamp(as_of))


def _nodes(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = [node for node in (manifest.get("nodes") or {}).values() if node.get("resource_type") in WATCHED_TYPES]
    found += (manifest.get("sources") or {}).values()
    return iter(sorted(found, key=lambda node: (_file(node), _name(node))))


def _monitor(
    reader: Reader, raw: Mapping[str, Any], groups: Mapping[str, Any], default_connection: str,
    known_connections: Collection[str] | None,
) -> Monitor | None:  # fmt: skip
    node = _declared(reader, raw)
    if node is None:
        return None
    settings = node.settings
    reader.unknown_keys(settings, TABLE_KEYS, "lookout")
    if not reader.switch(settings.get("enabled"), "enabled", default=True) or not _is_watched(node):
        return None
    if (raw.get("config") or {}).get("materialized") == "ephemeral":
        reader.wrong("an ephemeral model has no table to watch; materialize it or remove its `lookout` settings.")
    connection = reader.text(settings.get("connection"), "connection") or default_connection
    if known_connections is not None and connection not in known_connections:
        known = ", ".join(sorted(known_connections)) or "none"
        reader.wrong(f"connection '{connection}' is not an output of profiles.yml; it has: {known}.")
    grain = cast(Grain, reader.choice(settings.get("grain"), "grain", tuple(GRAIN_STEP)) or "day")
    timestamp_column = _timestamp_column(reader, node)
    warn_after, error_after = _freshness(reader, node)
    reach: dict[str, Any] = {
        "late_window": reader.duration(settings.get("late_window"), "late_window", zero=True),
        "history": reader.duration(settings.get("history"), "history"),
    }
    return Monitor(
        connection=connection,
        schema=reader.text(settings.get("schema"), "schema") or str(raw.get("schema") or ""),
        table=reader.text(settings.get("table"), "table") or _relation_name(raw),
        timestamp_column=timestamp_column,
        grain=grain,
        metrics=read_metrics(reader, settings, raw.get("columns") or {}, grain, timestamp_column),
        node_id=str(raw.get("unique_id") or ""),
        file=node.file,
        owner=_owner(reader, node, groups),
        layer=reader.text(settings.get("layer"), "layer") or ("batch" if grain == "day" else "cdc"),
        description=reader.text(settings.get("description"), "description") or _first_line(raw.get("description")),
        row_filter=reader.text(settings.get("filter"), "filter"),
        warn_after=warn_after,
        error_after=error_after,
        is_model=not node.is_source,
        dimensions=Reader("").names(settings.get("dimensions"), "dimensions"),
        **{key: value for key, value in reach.items() if value is not None},
    )


def _declared(reader: Reader, raw: Mapping[str, Any]) -> _Node | None:
    own = _meta(raw).get("lookout")
    source = (raw.get("source_meta") or {}).get("lookout")
    columns_say = any("metrics" in (_lookout_of(column) or {}) for column in (raw.get("columns") or {}).values())
    if own is None and source is None and not columns_say:
        return None
    # dbt lets the meta of a table replace that of its source; here a table adds to what its source says.
    layers = [_as_settings(reader, layer) for layer in (source, own) if layer is not None]
    merged = {key: value for layer in layers for key, value in layer.items()}
    inherited = (own is None or own == source) and not columns_say
    return _Node(raw, merged, inherited, _file(raw), _name(raw))


def _as_settings(reader: Reader, value: object) -> dict[str, Any]:
    return {"enabled": value} if isinstance(value, bool) else reader.mapping(value, "lookout")


def _is_watched(node: _Node) -> bool:
    """False for settings that only say where a table is or what its contract is."""
    if any(key in node.settings for key in WATCH_KEYS) or _loaded_at_field(node):
        return True
    has_contract = any(key in node.settings for key in CONTRACT_KEYS)
    return not has_contract and not node.is_inherited


def _timestamp_column(reader: Reader, node: _Node) -> str:
    given = node.settings.get("timestamp_column")
    if given is not None:
        return reader.text(given, "timestamp_column") or ""
    loaded_at = _loaded_at_field(node)
    if not loaded_at:
        reader.wrong("timestamp_column is missing; name the column that tells when a row was loaded or happened.")
        return ""
    quoted = re.fullmatch(r'"((?:[^"]|"")+)"', loaded_at)
    if quoted:
        return quoted[1].replace('""', '"')
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", loaded_at):
        return loaded_at.lower()
    reader.wrong(f"loaded_at_field {shown(loaded_at)} is an expression; name a plain column as timestamp_column.")
    return ""


def _loaded_at_field(node: _Node) -> str:
    config = node.raw.get("config") or {}
    return str(node.raw.get("loaded_at_field") or config.get("loaded_at_field") or "").strip()


def _freshness(reader: Reader, node: _Node) -> tuple[timedelta | None, timedelta | None]:
    if "freshness" in node.settings:
        given = reader.mapping(node.settings["freshness"], "freshness")
        reader.unknown_keys(given, ("warn_after", "error_after"), "freshness")
    elif node.is_source:
        given = dict(node.raw.get("freshness") or {})
        # dbt writes {count: null, period: null} for a limit that is not set.
        given = {key: value for key, value in given.items() if isinstance(value, Mapping) and value.get("count")}
    else:
        given = {}
    warn_after = reader.duration(given.get("warn_after"), "freshness.warn_after")
    error_after = reader.duration(given.get("error_after"), "freshness.error_after")
    if warn_after and error_after and warn_after > error_after:
        reader.wrong("freshness.warn_after is longer than freshness.error_after; a warning must come first.")
    return warn_after, error_after


def _owner(reader: Reader, node: _Node, groups: Mapping[str, Any]) -> str:
    named = [node.settings.get("owner"), _meta(node.raw).get("owner"), (node.raw.get("source_meta") or {}).get("owner")]
    group = node.raw.get("group") or (node.raw.get("config") or {}).get("group")
    named += [entry.get("owner") for entry in groups.values() if group and entry.get("name") == group]
    for value in named:
        if isinstance(value, Mapping):
            value = value.get("name") or value.get("email")
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ", ".join(value)
        if value:
            return reader.text(value, "owner") or ""
    return ""


def _meta(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    found = (raw.get("config") or {}).get("meta") or raw.get("meta") or {}
    return found if isinstance(found, Mapping) else {}


def _lookout_of(column: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = _meta(column).get("lookout")
    return found if isinstance(found, Mapping) else None


def _relation_name(raw: Mapping[str, Any]) -> str:
    return str(raw.get("identifier") or raw.get("alias") or raw.get("name") or "")


def _name(raw: Mapping[str, Any]) -> str:
    prefix = f"{raw['source_name']}." if raw.get("source_name") else ""
    return f"{prefix}{raw.get('name', '')}"


def _file(raw: Mapping[str, Any]) -> str:
    """The YAML that declares a node; the SQL file when no YAML does."""
    patch = str(raw.get("patch_path") or "")
    return patch.split("://", 1)[-1] or str(raw.get("original_file_path") or "")


def _first_line(text: object) -> str:
    lines = str(text or "").strip().splitlines()
    return lines[0].strip() if lines else ""


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
