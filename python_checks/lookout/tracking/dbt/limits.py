"""Limits declared in ``meta.lookout.pipeline`` of models, seeds and snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookout.errors import ConfigError
from lookout.project.declarations.nodes import file_of, meta_of, name_of, table_nodes
from lookout.project.declarations.settings import PIPELINE_KEYS, Reader, short_repr
from lookout.tracking.model import Limit

CHECKS = ("freshness", "timeliness")


def load_limits(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the limits of every node that declares some, by its unique id: arguments of ``Pipeline``.

    Raises ConfigError with one line per mistake, each naming file, asset and key.
    """
    problems: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    for node in table_nodes(manifest):
        reader = Reader(f"{file_of(node)}: {name_of(node)}")
        limits = _read(reader, node)
        problems += reader.problems
        if limits:
            found[str(node.get("unique_id") or "")] = limits
    if problems:
        raise ConfigError("\n".join(problems))
    return found


def _read(reader: Reader, node: Mapping[str, Any]) -> dict[str, Any]:
    lookout = meta_of(node).get("lookout")
    settings = lookout.get("pipeline") if isinstance(lookout, Mapping) else None
    if settings is None:
        return {}
    settings = reader.mapping(settings, "pipeline")
    if node.get("resource_type") == "source":
        reader.wrong("pipeline is for what this project builds; set `freshness` of the source's table instead.")
        return {}
    reader.unknown_keys(settings, PIPELINE_KEYS, "pipeline")
    limits = {check: _limit(reader, settings.get(check), f"pipeline.{check}") for check in CHECKS}
    mutes = {f"mute_{check}_check": True for check in _muted(reader, settings.get("mute"))}
    return {key: value for key, value in {**limits, **mutes}.items() if value is not None}


def _limit(reader: Reader, value: object, key: str) -> Limit | None:
    try:
        return Limit.of(value)  # type: ignore[arg-type]
    except ConfigError:
        reader.wrong(f"{key} is {short_repr(value)}; write it like '12 hours' or '1 day'.")
        return None


def _muted(reader: Reader, value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value or []
    if not isinstance(names, list) or any(name not in CHECKS for name in names):
        reader.wrong(f"pipeline.mute is {short_repr(value)}; it is a list of {' and '.join(CHECKS)}.")
        return ()
    return tuple(names)
