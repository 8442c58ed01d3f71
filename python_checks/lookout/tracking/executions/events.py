"""Events of executions as values: they go into the execution store, or wait in a spool file as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from lookout.errors import ConfigError, short_repr
from lookout.masking import mask_secrets, mask_values
from lookout.project.files import parse_json
from lookout.tracking.model import (
    Address,
    Limit,
    Pipeline,
    PipelineType,
    addresses,
    checked_name,
    clean_text,
    jsonable,
    normalised,
    watermark_text,
)

COUNTS = ("inserts", "updates", "soft_deletes", "total_rows")
LONGEST_ERROR = 4000
LONGEST_COUNT = 2**63 - 1
LONGEST_REASON = 200


@dataclass(frozen=True)
class Register:
    """A pipeline as its code declares it. ``next_watermark`` None leaves the stored one as it is."""

    pipeline: Pipeline
    at: datetime
    next_watermark: str | None = None

    def __post_init__(self) -> None:
        _set(self, at=_utc(self.at, "at"), next_watermark=_watermark(self.next_watermark))


@dataclass(frozen=True)
class Start:
    """The start of an execution. Times without a zone are UTC; ``pipeline`` is the pipeline's name."""

    execution_id: str
    pipeline: str
    start_date: datetime
    parent_id: str | None = None
    watermark: str | None = None
    next_watermark: str | None = None
    execution_metadata: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "sdk"
    node_id: str = ""
    host: str = ""
    code_checksum: str = ""

    def __post_init__(self) -> None:
        key = _key(self.execution_id)
        if self.parent_id == key:
            raise ConfigError(f"Execution {key} names itself as its parent: leave the parent out, or name another.")
        _set(
            self,
            execution_id=key,
            pipeline=normalised(self.pipeline, "pipeline"),
            parent_id=self.parent_id or None,
            start_date=_utc(self.start_date, "start_date"),
            watermark=_watermark(self.watermark),
            next_watermark=_watermark(self.next_watermark),
            execution_metadata=_metadata(self.execution_metadata),
        )


@dataclass(frozen=True)
class End:
    """The end of an execution. Counts not reported are None; ``next_watermark`` None keeps that of the start.

    ``start`` makes the end complete in itself: it is used when the execution store has not received the start.
    ``monotonic`` keeps the watermark from moving back. Raises ConfigError for counts below zero and for an end that is
    not after the start.
    """

    execution_id: str
    end_date: datetime
    completed_successfully: bool
    inserts: int | None = None
    updates: int | None = None
    soft_deletes: int | None = None
    total_rows: int | None = None
    next_watermark: str | None = None
    execution_metadata: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    status: str = ""
    closed_by: str = "self"
    monotonic: bool = False
    start: Start | None = None

    def __post_init__(self) -> None:
        key = _key(self.execution_id)
        for name in COUNTS:
            _check_count(key, name, getattr(self, name))
        if not isinstance(self.completed_successfully, bool):
            raise ConfigError(f"completed_successfully of execution {key} must be true or false.")
        _set(
            self,
            execution_id=key,
            end_date=_utc(self.end_date, "end_date"),
            next_watermark=_watermark(self.next_watermark),
            execution_metadata=_metadata(self.execution_metadata),
            error=mask_secrets(clean_text(self.error))[:LONGEST_ERROR],
            status=self.status or ("success" if self.completed_successfully else "failed"),
        )
        if self.start is not None and self.end_date <= self.start.start_date:
            raise ConfigError(too_early(key, self.end_date, self.start.start_date))


@dataclass(frozen=True)
class Heartbeat:
    """A sign that a running execution is alive."""

    execution_id: str
    at: datetime

    def __post_init__(self) -> None:
        _set(self, execution_id=_key(self.execution_id), at=_utc(self.at, "at"))


@dataclass(frozen=True)
class Lineage:
    """The sources that a pipeline reads from and the targets that it writes to."""

    pipeline: str
    sources: tuple[Address, ...]
    targets: tuple[Address, ...]
    at: datetime

    def __post_init__(self) -> None:
        _set(
            self,
            pipeline=normalised(self.pipeline, "pipeline"),
            sources=addresses(self.sources),
            targets=addresses(self.targets),
            at=_utc(self.at, "at"),
        )


Event = Register | Start | End | Heartbeat | Lineage
KINDS: Mapping[str, type[Any]] = {kind.__name__.lower(): kind for kind in (Register, Start, End, Heartbeat, Lineage)}


def to_line(event: Event) -> str:
    """Return the event as one line of JSON, without the line's end."""
    return json.dumps({"event": type(event).__name__.lower(), **_plain(event)}, ensure_ascii=True)


def from_line(line: str) -> Event:
    """Read a line that ``to_line`` wrote. Raises ConfigError with the reason when it is none."""
    try:
        content = parse_json(line)
    except ValueError as error:
        raise ConfigError("the line is cut off or no JSON") from error
    name = content.pop("event", None) if isinstance(content, dict) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ConfigError("the line is no event")
    try:
        return _read(kind, content)  # type: ignore[no-any-return]
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        reason = clean_text(str(error))[:LONGEST_REASON]
        raise ConfigError(f"a field of the event is missing or wrong ({reason})") from error


def too_early(execution_id: str, end: datetime, start: datetime) -> str:
    """Return the sentence about an end that is not after its start."""
    return (
        f"Execution {execution_id} cannot end at {end.isoformat()}: it started at {start.isoformat()}, "
        "and an end must be later than its start."
    )


def _read(kind: type[Any], content: Mapping[str, Any]) -> Any:
    values = dict(content)
    for name in ("at", "start_date", "end_date"):
        if name in values:
            values[name] = datetime.fromisoformat(values[name])
    if kind is Register:
        values["pipeline"] = _read_pipeline(values["pipeline"])
    if values.get("start"):
        values["start"] = _read(Start, values["start"])
    for name in ("sources", "targets"):
        if name in values:
            values[name] = tuple(_made(Address, address) for address in values[name])
    return _made(kind, values)


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """Return a value of a dataclass. Raises TypeError for a field of another type, which nobody would look at again."""
    for name, hint in get_type_hints(kind).items():
        if name in values and not _fits(values[name], hint):
            raise TypeError(f"{name} is {short_repr(values[name])}")
    return kind(**values)


def _fits(value: object, hint: Any) -> bool:
    """Return whether a value is of a type, one of several, or a collection of such values."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if hint is Any:
        return True
    if isinstance(value, bool) and hint is not bool:
        return False
    if not isinstance(value, origin or hint) or (isinstance(value, str) and hint is not str):
        return False
    return origin is None or issubclass(origin, Mapping) or all(_fits(item, parts[0]) for item in value)


def _read_pipeline(content: Mapping[str, Any]) -> Pipeline:
    values = dict(content)
    kind = values.get("pipeline_type")
    if kind:
        values["pipeline_type"] = _made(PipelineType, {**kind, **_limits(kind)})
    for name in ("sources", "targets"):
        # Lines of earlier versions hold an empty list for a pipeline that declares nothing.
        values[name] = tuple(_made(Address, address) for address in values.get(name) or ()) or None
    return _made(Pipeline, {**values, **_limits(values)})  # type: ignore[no-any-return]


def _limits(content: Mapping[str, Any]) -> dict[str, Limit]:
    return {name: _made(Limit, content[name]) for name in ("freshness", "timeliness") if content.get(name)}


def _plain(value: Any) -> Any:
    """Return the fields of a dataclass as JSON values; empty ones are left out of events."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not hasattr(value, "__dataclass_fields__"):
        return value
    pairs = ((f.name, getattr(value, f.name)) for f in fields(value))
    return {name: _plain(item) for name, item in pairs if item not in (None, "", {}) or isinstance(item, bool)}


def _set(event: Any, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(event, name, value)


def _key(execution_id: str) -> str:
    return checked_name(execution_id, "execution").strip()


def _watermark(value: Any) -> str | None:
    return watermark_text(value) or None


def _metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    return mask_values(jsonable(dict(value))) if value else {}


def _utc(moment: datetime, name: str) -> datetime:
    if not isinstance(moment, datetime):
        raise ConfigError(f"{name} is {moment!r}; it must be a time.")
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def _check_count(key: str, name: str, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONGEST_COUNT:
        raise ConfigError(f"{name} of execution {key} is {value!r}; it must be a whole number of 0 or more.")
