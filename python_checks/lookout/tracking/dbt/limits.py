"""Limits declared in ``meta.lookout.pipeline`` of models, seeds and snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainValidator

from lookout.errors import ConfigError
from lookout.project.declarations.nodes import file_of, meta_of, name_of, table_nodes
from lookout.project.validation import Reader, Settings, mistake
from lookout.tracking.model import Limit

CHECKS = ("freshness", "timeliness")


def _limit(value: object) -> Limit | None:
    try:
        return Limit.of(value)  # type: ignore[arg-type]
    except ConfigError:
        raise mistake("{key} is {value}; write it like '12 hours' or '1 day'.") from None


def _muted(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or any(name not in CHECKS for name in names):
        raise mistake("{key} is {value}; it is a list of {checks}.", checks=" and ".join(CHECKS))
    return tuple(names)


Checks = Annotated[tuple[str, ...], PlainValidator(_muted, json_schema_input_type=str | list[str])]
Length = Annotated[Limit, PlainValidator(_limit, json_schema_input_type=str)]


class PipelineSettings(Settings):
    """The mapping under ``pipeline``."""

    freshness: Length | None = None
    timeliness: Length | None = None
    mute: Checks = ()


def load_limits(manifest: Mapping[str, Any], *, problems: list[str] | None = None) -> dict[str, dict[str, Any] | None]:
    """Return the limits of every node that declares some, by its unique id: arguments of ``Pipeline``.

    Each mistake is one line that names file, asset and key. With ``problems`` the lines are appended to it, and the
    limits of that node are None: those stored stay in force. Without, ConfigError is raised with all of them.
    """
    is_strict, problems = problems is None, [] if problems is None else problems
    found: dict[str, dict[str, Any] | None] = {}
    for node in table_nodes(manifest):
        reader = Reader(f"{file_of(node)}: {name_of(node)}")
        limits = _read(reader, node)
        problems += reader.problems
        if limits or reader.problems:
            found[str(node.get("unique_id") or "")] = None if reader.problems else limits
    if problems and is_strict:
        raise ConfigError("\n".join(problems))
    return found


def _read(reader: Reader, node: Mapping[str, Any]) -> dict[str, Any]:
    lookout = meta_of(node).get("lookout")
    declared = lookout.get("pipeline") if isinstance(lookout, Mapping) else None
    if declared is None:
        return {}
    if node.get("resource_type") == "source":
        reader.wrong("pipeline is for what this project builds; set `freshness` of the source's table instead.")
        return {}
    settings = reader.read(PipelineSettings, declared, "pipeline") or PipelineSettings()
    limits = {"freshness": settings.freshness, "timeliness": settings.timeliness}
    mutes = {f"mute_{check}_check": True for check in settings.mute}
    return {key: value for key, value in {**limits, **mutes}.items() if value is not None}
