"""Pipelines, their types and their rules in the execution store: made once, changed when their code changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from lookout.database.sql_files import read_sql
from lookout.errors import ConfigError
from lookout.tracking.executions.events import Register
from lookout.tracking.model import METRIC_FIELDS, Limit, Pipeline, PipelineType, Registered, input_hash

_TYPE_SHAPE = """
    name text, freshness_number integer, freshness_datepart text, mute_freshness_check boolean,
    timeliness_number integer, timeliness_datepart text, mute_timeliness_check boolean, at timestamptz,
    is_reference boolean"""
_TYPES = read_sql(__package__, "declare_types")
_SHAPE = """
    pipeline_id text, name text, pipeline_type text, origin text, node_id text, owner text, next_watermark text,
    pipeline_metadata jsonb, freshness_number integer, freshness_datepart text, mute_freshness_check boolean,
    timeliness_number integer, timeliness_datepart text, mute_timeliness_check boolean, active boolean,
    input_hash text, reference_hash text, is_reference boolean, at timestamptz"""
_INSERT = read_sql(__package__, "insert_pipelines")
# What a changed declaration leaves out becomes null. One that waited in a spool file does not undo a later one.
_UPDATE = read_sql(__package__, "update_pipelines")
_KNOWN = "select pipeline_id, input_hash from {schema}.pipelines where pipeline_id = any(%(ids)s)"
_NEXT = """
update {schema}.pipelines
set next_watermark = %(next)s
where pipeline_id = %(id)s and next_watermark is distinct from %(next)s
"""
_READ = """
select pipeline_id, active, load_lineage, watermark from {schema}.pipelines where pipeline_id = any(%(ids)s)
"""
_RULES = """
insert into {schema}.anomaly_detection_rules (
    pipeline_id, metric_field, z_threshold, lookback_days, minimum_executions, active, created_at
)
select pipeline_id, metric_field, %(z)s, %(days)s, %(executions)s, %(active)s, %(at)s
from unnest(%(ids)s) as pipeline_id, unnest(%(metrics)s) as metric_field
order by pipeline_id, metric_field
on conflict (pipeline_id, metric_field) do nothing
"""


def write_registrations(cursor: Any, schema: str, events: Sequence[Register], *, with_rules: bool) -> set[str]:
    """Make and change pipelines as their registrations declare; of several for one pipeline the newest counts.

    Returns the ids of pipelines that are new. With ``with_rules`` these get the six default anomaly rules.
    """
    newest: dict[str, Register] = {}
    for event in events:
        known = newest.get(event.pipeline.pipeline_id)
        if known is None or event.at >= known.at:
            newest[event.pipeline.pipeline_id] = event
    rows = json.dumps([_row(event) for event in newest.values()])
    cursor.execute(
        _TYPES.format(schema=schema, type_shape=_TYPE_SHAPE), {"types": json.dumps(_type_rows(newest.values()))}
    )
    cursor.execute(_INSERT.format(schema=schema, shape=_SHAPE), {"rows": rows})
    new_ids = {key for (key,) in cursor.fetchall()}
    if len(new_ids) < len(newest):
        cursor.execute(_UPDATE.format(schema=schema, shape=_SHAPE), {"rows": rows})
    if with_rules and new_ids:
        for key in new_ids:
            write_rules(cursor, schema, [key], METRIC_FIELDS, at=newest[key].at)
    return new_ids


def changed_registrations(cursor: Any, schema: str, events: Sequence[Register]) -> list[Register]:
    """Return the registrations that may change something: not those of pipelines already stored as declared.

    A new next watermark of such a pipeline is written here.
    """
    plain = {event.pipeline.pipeline_id for event in events if event.pipeline.type.is_reference}
    if not plain:
        return list(events)
    cursor.execute(_KNOWN.format(schema=schema), {"ids": list(plain)})
    stored = dict(cursor.fetchall())
    changed = []
    for event in events:
        key = event.pipeline.pipeline_id
        known = key in plain and (stored.get(key) == event.pipeline.input_hash or event.pipeline.is_reference)
        if key not in stored or not known:
            changed.append(event)
        elif event.next_watermark is not None:
            cursor.execute(_NEXT.format(schema=schema), {"id": key, "next": event.next_watermark})
    return changed


def read_registered(cursor: Any, schema: str, ids: Sequence[str], new_ids: set[str]) -> dict[str, Registered]:
    """Return the stored state of pipelines, by id."""
    cursor.execute(_READ.format(schema=schema), {"ids": list(ids)})
    return {
        key: Registered(key, active, load_lineage, watermark, key in new_ids)
        for key, active, load_lineage, watermark in cursor.fetchall()
    }


def write_rules(
    cursor: Any,
    schema: str,
    ids: Sequence[str],
    metrics: Sequence[str],
    *,
    at: Any,
    z_threshold: float = 3.0,
    lookback_days: int = 30,
    minimum_executions: int = 30,
    active: bool = True,
) -> int:
    """Make the anomaly rules that do not exist, and return how many. Raises ConfigError for settings out of range."""
    check_metrics(metrics)
    for what, value, low, high in (
        ("z_threshold", z_threshold, 1, 10),
        ("lookback_days", lookback_days, 1, 365),
        ("minimum_executions", minimum_executions, 5, 1000),
    ):
        if not low <= value <= high:
            raise ConfigError(f"{what} of an anomaly rule is {value}; it must be from {low} to {high}.")
    values = {
        "ids": list(ids),
        "metrics": list(metrics),
        "z": z_threshold,
        "days": lookback_days,
        "executions": minimum_executions,
        "active": active,
        "at": at,
    }
    cursor.execute(_RULES.format(schema=schema), values)
    return int(cursor.rowcount)


def check_metrics(metrics: Sequence[str]) -> None:
    """Raise ConfigError when one of the names is no number of executions."""
    for name in metrics:
        if name not in METRIC_FIELDS:
            raise ConfigError(f"'{name}' is no number of executions: use one of {', '.join(METRIC_FIELDS)}.")


def _row(event: Register) -> dict[str, Any]:
    pipeline: Pipeline = event.pipeline
    reference = input_hash({"name": pipeline.name})
    return {
        "pipeline_id": pipeline.pipeline_id,
        "name": pipeline.name,
        "pipeline_type": pipeline.type.name,
        "origin": pipeline.origin,
        "node_id": pipeline.node_id,
        "owner": pipeline.owner,
        "next_watermark": event.next_watermark,
        "pipeline_metadata": dict(pipeline.metadata),
        "active": pipeline.active,
        **_limits(pipeline),
        "input_hash": pipeline.input_hash,
        "reference_hash": reference,
        "is_reference": event.pipeline.is_reference,
        "at": event.at.isoformat(),
    }


def _type_rows(events: Iterable[Register]) -> list[dict[str, Any]]:
    """Return one row per type; a declaration goes before a bare name, and the newest of several counts."""
    kinds: dict[str, tuple[bool, Any, PipelineType]] = {}
    for event in events:
        kind = event.pipeline.type
        precedence = (not kind.is_reference, event.at)
        if kind.name not in kinds or precedence >= kinds[kind.name][:2]:
            kinds[kind.name] = (*precedence, kind)
    return [
        {"name": kind.name, **_limits(kind), "is_reference": kind.is_reference, "at": at.isoformat()}
        for _, at, kind in kinds.values()
    ]


def _limits(settings: Pipeline | PipelineType) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in ("freshness", "timeliness"):
        limit = getattr(settings, name)
        row[f"{name}_number"] = limit.number if isinstance(limit, Limit) else None
        row[f"{name}_datepart"] = limit.datepart if isinstance(limit, Limit) else None
        row[f"mute_{name}_check"] = getattr(settings, f"mute_{name}_check")
    return row
