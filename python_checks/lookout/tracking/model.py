"""Pipelines, addresses and their settings as plain values, with their identities and hashes."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import cached_property
from typing import Any

from lookout.errors import ConfigError
from lookout.masking import mask_address, mask_values
from lookout.plain import plain, plain_name

DATEPARTS = ("minute", "hour", "day", "week", "month", "year")
METRIC_FIELDS = ("duration_seconds", "inserts", "updates", "soft_deletes", "total_rows", "throughput")
DEFAULT_TYPE = "script"
# A btree entry of PostgreSQL holds 2,700 bytes, and a character takes up to four.
LONGEST_NAME = 600
LIMIT = re.compile(r"\s*(\d+)\s*([a-z]+?)s?\s*", flags=re.IGNORECASE)
# Type and group of an address that gives neither, by its scheme.
SCHEMES = {
    "s3": ("s3", "bucket"), "gs": ("gcs", "bucket"), "abfss": ("azure blob", "bucket"), "az": ("azure blob", "bucket"),
    "http": ("http", "api"), "https": ("http", "api"), "kafka": ("kafka", "stream"), "file": ("file", "file"),
    "sftp": ("sftp", "file"), "ftp": ("ftp", "file"),
}  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """A number of dateparts, for example 12 hours. Raises ConfigError for anything else."""

    number: int
    datepart: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "datepart", str(self.datepart).strip().lower())
        is_number = isinstance(self.number, int) and not isinstance(self.number, bool)
        if not is_number or not 0 < self.number < 2**31 or self.datepart not in DATEPARTS:
            raise ConfigError(
                f"A limit of {self.number!r} {self.datepart!r} is not understood: write a whole number above 0 and "
                f"one of {', '.join(DATEPARTS)}, for example '12 hours'."
            )

    @classmethod
    def of(cls, value: Limit | str | tuple[int, str] | None) -> Limit | None:
        """Read '12 hours', (12, 'hour') or a Limit; None stays None."""
        if value is None or isinstance(value, Limit):
            return value
        if isinstance(value, tuple) and len(value) == 2:
            return cls(*value)
        found = LIMIT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ConfigError(f"A limit of {value!r} is not understood: write it like '12 hours' or '1 day'.")
        return cls(int(found[1]), found[2])


@dataclass(frozen=True)
class PipelineType:
    """A type of pipeline with the limits its pipelines inherit. Limits may be given as text, '12 hours'."""

    name: str
    freshness: Limit | str | None = None
    timeliness: Limit | str | None = None
    mute_freshness_check: bool = False
    mute_timeliness_check: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", normalised(self.name, "pipeline type"))
        object.__setattr__(self, "freshness", Limit.of(self.freshness))
        object.__setattr__(self, "timeliness", Limit.of(self.timeliness))

    @property
    def is_reference(self) -> bool:
        """Return whether only the name is set."""
        return self == PipelineType(self.name)


@dataclass(frozen=True)
class Pipeline:
    """A pipeline and its settings in code, the source of truth about them.

    Settings that are left out are null in the database, so removing one from the code removes it there. A pipeline
    with nothing but its name is a reference: it is made when it does not exist, and changes nothing when it does.
    ``active`` None leaves the switch as people set it. Limits may be given as text, '12 hours'. An empty list of
    sources or targets is a setting, too: it says that there are none.
    """

    name: str
    pipeline_type: PipelineType | str | None = None
    owner: str = ""
    freshness: Limit | str | None = None
    timeliness: Limit | str | None = None
    mute_freshness_check: bool = False
    mute_timeliness_check: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Address | str] | None = None
    targets: Sequence[Address | str] | None = None
    active: bool | None = None
    origin: str = "sdk"
    node_id: str = ""

    def __post_init__(self) -> None:
        kind = self.pipeline_type
        if isinstance(kind, str):
            kind = PipelineType(kind)
        for name, value in {
            "name": normalised(self.name, "pipeline"),
            "pipeline_type": kind,
            "owner": clean_text(self.owner).strip(),
            "freshness": Limit.of(self.freshness),
            "timeliness": Limit.of(self.timeliness),
            "metadata": mask_values(jsonable(dict(self.metadata))),
            "sources": None if self.sources is None else addresses(self.sources),
            "targets": None if self.targets is None else addresses(self.targets),
        }.items():
            object.__setattr__(self, name, value)

    @cached_property
    def pipeline_id(self) -> str:
        """Return the identity: md5 of the name."""
        return hashed_id(self.name)

    @property
    def type(self) -> PipelineType:
        """Return the type; the default type when none is named."""
        return self.pipeline_type if isinstance(self.pipeline_type, PipelineType) else PipelineType(DEFAULT_TYPE)

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings beside the name as plain values: those that the hash is about."""
        settings = {
            "pipeline_type": self.type.name if self.pipeline_type is not None else None,
            "owner": self.owner or None,
            "freshness": _limit(self.freshness),
            "timeliness": _limit(self.timeliness),
            "mute_freshness_check": self.mute_freshness_check or None,
            "mute_timeliness_check": self.mute_timeliness_check or None,
            "metadata": dict(self.metadata) or None,
            "active": self.active,
            "sources": None if self.sources is None else [a.input_hash for a in addresses(self.sources)],
            "targets": None if self.targets is None else [a.input_hash for a in addresses(self.targets)],
        }
        return {key: value for key, value in settings.items() if value is not None}

    @cached_property
    def is_reference(self) -> bool:
        """Return whether only the name is set."""
        return not self.settings

    @cached_property
    def input_hash(self) -> str:
        """Return the hash of the settings; the same in every process."""
        return input_hash({"name": self.name, **self.settings})


@dataclass(frozen=True)
class Address:
    """A location that data comes from or goes to. Its name keeps its case; a type left out is guessed from the name.

    In the group ``database`` a name of three parts, a.b.c, fills database, schema and table unless they are given.
    """

    name: str
    address_type: str = ""
    group_name: str = ""
    database_name: str | None = None
    schema_name: str | None = None
    table_name: str | None = None
    primary_key: str | None = None
    address_metadata: Mapping[str, Any] = field(default_factory=dict)
    node_id: str = ""
    owner: str = ""

    def __post_init__(self) -> None:
        name = checked_name(self.name, "address").strip()
        scheme = name.partition("://")[0].lower() if "://" in name else ""
        kind, group = SCHEMES.get(scheme, (scheme or "table", "database"))
        group_name = clean_text(self.group_name).strip().lower() or (group if not self.address_type else "database")
        parts: Sequence[str | None] = (self.database_name, self.schema_name, self.table_name)
        has_three_parts = name.count(".") == 2 and all(name.split("."))
        if group_name == "database" and has_three_parts and parts == (None, None, None):
            parts = name.split(".")
        for field_name, value in {
            "name": name,
            "address_type": clean_text(self.address_type).strip().lower() or kind,
            "group_name": group_name,
            "database_name": parts[0],
            "schema_name": parts[1],
            "table_name": parts[2],
            "address_metadata": mask_values(jsonable(dict(self.address_metadata))),
            "owner": clean_text(self.owner).strip(),
        }.items():
            object.__setattr__(self, field_name, value)

    @property
    def address_id(self) -> str:
        """Return the identity: md5 of the name."""
        return hashed_id(self.name)

    @property
    def input_hash(self) -> str:
        """Return the hash of every field; the same in every process."""
        return input_hash(vars(self))


@dataclass(frozen=True)
class Registered:
    """The stored state of a pipeline. ``watermark`` is where the last successful execution ended, None before it."""

    pipeline_id: str
    active: bool
    load_lineage: bool
    watermark: str | None
    is_new: bool = False


def pipeline_id(name: str) -> str:
    """Return the identity of a pipeline: md5 of its name, trimmed and in lower case."""
    return hashed_id(normalised(name, "pipeline"))


def address_id(name: str) -> str:
    """Return the identity of an address: md5 of its name as given, trimmed."""
    return hashed_id(checked_name(name, "address").strip())


def hashed_id(text: str) -> str:
    """Return the md5 of a text as hexadecimal digits; PostgreSQL's md5() gives the same."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def input_hash(settings: Mapping[str, Any]) -> str:
    """Return the sha256 of the settings as sorted JSON.

    ``next_watermark`` is left out: where a run wants to end is no setting.
    """
    hashed = {key: value for key, value in settings.items() if key != "next_watermark"}
    text = json.dumps(jsonable(hashed), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def addresses(values: Sequence[Address | str] | Address | str) -> tuple[Address, ...]:
    """Return addresses from names or addresses, one or many; each once, in the order given."""
    many = [values] if isinstance(values, (str, Address)) else values
    first: dict[str, Address] = {}
    for value in many:
        address = value if isinstance(value, Address) else Address(value)
        first.setdefault(address.address_id, address)
    return tuple(first.values())


def normalised(name: str, what: str) -> str:
    """Return a name trimmed and in lower case. Raises ConfigError when it is empty, too long or no text."""
    return checked_name(name, what).strip().lower()


def checked_name(name: str, what: str) -> str:
    """Return the name as PostgreSQL can store it, an address in it without password.

    Raises ConfigError when it is empty, too long or no text.
    """
    if not isinstance(name, str) or not clean_text(name).strip():
        raise ConfigError(f"The name of the {what} is {name!r}: give it a name that is not empty.")
    if len(name) > LONGEST_NAME:
        raise ConfigError(f"The name of the {what} has {len(name)} characters; it may have {LONGEST_NAME}.")
    return mask_address(plain_name(storable(name)))


def watermark_text(value: Any) -> str | None:
    """Return a watermark as it is stored: times in ISO 8601 (UTC when they have a zone), all else as str."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return (value.astimezone(timezone.utc) if value.tzinfo else value).isoformat()
    return storable(value.isoformat() if isinstance(value, date) else str(value))


def clean_text(text: str) -> str:
    """Return the text as PostgreSQL can store it, without escape sequences and control characters."""
    return plain(storable(text))


def storable(text: str) -> str:
    """Return the text without what PostgreSQL cannot store: the NUL character and halves of surrogate pairs."""
    text = str(text).replace("\x00", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def jsonable(value: Any, depth: int = 32) -> Any:
    """Return the value as JSON and PostgreSQL can hold it; what they cannot hold becomes text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping) and depth:
        return {clean_text(str(key)): jsonable(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and depth:
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [jsonable(item, depth - 1) for item in items]
    return clean_text(str(value))


def _limit(limit: Limit | str | None) -> list[Any] | None:
    return [limit.number, limit.datepart] if isinstance(limit, Limit) else None
