"""What people say about pipelines and the places their data lives in: plain values, their identities and hashes."""

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

DATEPARTS = ("minute", "hour", "day", "week", "month", "year")
METRIC_FIELDS = ("duration_seconds", "inserts", "updates", "soft_deletes", "total_rows", "throughput")
DEFAULT_TYPE = "script"
# A btree entry of PostgreSQL holds 2,700 bytes, and a character takes up to four.
LONGEST_NAME = 600
LIMIT = re.compile(r"\s*(\d+)\s*([a-z]+?)s?\s*", flags=re.IGNORECASE)
# What a bare address most likely is, by how it begins.
SCHEMES = {
    "s3": ("s3", "bucket"), "gs": ("gcs", "bucket"), "abfss": ("azure blob", "bucket"), "az": ("azure blob", "bucket"),
    "http": ("http", "api"), "https": ("http", "api"), "kafka": ("kafka", "stream"), "file": ("file", "file"),
    "sftp": ("sftp", "file"), "ftp": ("ftp", "file"),
}  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """So many dateparts, for example 12 hours. Raises ConfigError for anything else."""

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
    def of(cls, given: Limit | str | tuple[int, str] | None) -> Limit | None:
        """Read '12 hours', (12, 'hour') or a Limit; None stays None."""
        if given is None or isinstance(given, Limit):
            return given
        if isinstance(given, tuple) and len(given) == 2:
            return cls(*given)
        found = LIMIT.fullmatch(given) if isinstance(given, str) else None
        if found is None:
            raise ConfigError(f"A limit of {given!r} is not understood: write it like '12 hours' or '1 day'.")
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
        """Whether it only names a type and says nothing about it."""
        return self == PipelineType(self.name)


@dataclass(frozen=True)
class Pipeline:
    """A pipeline and its settings in code, the source of truth about them.

    Settings that are left out are null in the database, so removing one from the code removes it there. A pipeline
    with nothing but its name is a reference: it is made when it does not exist, and changes nothing when it does.
    ``active`` None leaves the switch as people set it. Limits may be given as text, '12 hours'.
    """

    name: str
    pipeline_type: PipelineType | str | None = None
    owner: str = ""
    freshness: Limit | str | None = None
    timeliness: Limit | str | None = None
    mute_freshness_check: bool = False
    mute_timeliness_check: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Address | str] = ()
    targets: Sequence[Address | str] = ()
    active: bool | None = None
    origin: str = "sdk"
    node_id: str = ""

    def __post_init__(self) -> None:
        given = self.pipeline_type
        kind = PipelineType(given) if isinstance(given, str) else given
        for name, value in {
            "name": normalised(self.name, "pipeline"),
            "pipeline_type": kind,
            "owner": clean_text(self.owner).strip(),
            "freshness": Limit.of(self.freshness),
            "timeliness": Limit.of(self.timeliness),
            "metadata": jsonable(dict(self.metadata)),
            "sources": addresses(self.sources),
            "targets": addresses(self.targets),
        }.items():
            object.__setattr__(self, name, value)

    @cached_property
    def pipeline_id(self) -> str:
        """Identity: md5 of the name."""
        return hashed_id(self.name)

    @property
    def type(self) -> PipelineType:
        """The type, or the one of pipelines that name none."""
        return self.pipeline_type if isinstance(self.pipeline_type, PipelineType) else PipelineType(DEFAULT_TYPE)

    @property
    def settings(self) -> dict[str, Any]:
        """What was said beside the name, as plain values: the settings that the hash is about."""
        said = {
            "pipeline_type": self.type.name if self.pipeline_type is not None else None,
            "owner": self.owner or None,
            "freshness": _limit(self.freshness),
            "timeliness": _limit(self.timeliness),
            "mute_freshness_check": self.mute_freshness_check or None,
            "mute_timeliness_check": self.mute_timeliness_check or None,
            "metadata": dict(self.metadata) or None,
            "active": self.active,
            "sources": [a.input_hash for a in addresses(self.sources)] or None,
            "targets": [a.input_hash for a in addresses(self.targets)] or None,
        }
        return {key: value for key, value in said.items() if value is not None}

    @cached_property
    def is_reference(self) -> bool:
        """Whether it only names a pipeline and says nothing about it."""
        return not self.settings

    @cached_property
    def input_hash(self) -> str:
        """Hash of the settings; the same in every process."""
        return input_hash({"name": self.name, **self.settings})


@dataclass(frozen=True)
class Address:
    """A place that data comes from or goes to. Its name keeps its case; a type is guessed from the name when not given.

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
        given = (self.database_name, self.schema_name, self.table_name)
        parts: Sequence[str | None] = given
        if group_name == "database" and name.count(".") == 2 and all(name.split(".")) and given == (None, None, None):
            parts = name.split(".")
        for field_name, value in {
            "name": name,
            "address_type": clean_text(self.address_type).strip().lower() or kind,
            "group_name": group_name,
            "database_name": parts[0],
            "schema_name": parts[1],
            "table_name": parts[2],
            "address_metadata": jsonable(dict(self.address_metadata)),
            "owner": clean_text(self.owner).strip(),
        }.items():
            object.__setattr__(self, field_name, value)

    @property
    def address_id(self) -> str:
        """Identity: md5 of the name."""
        return hashed_id(self.name)

    @property
    def input_hash(self) -> str:
        """Hash of every field; the same in every process."""
        return input_hash(vars(self))


@dataclass(frozen=True)
class Registered:
    """What is known of a pipeline. ``watermark`` is where the last successful execution ended, None before it."""

    pipeline_id: str
    active: bool
    load_lineage: bool
    watermark: str | None
    is_new: bool = False


def pipeline_id(name: str) -> str:
    """Identity of a pipeline: md5 of its name, trimmed and in lower case."""
    return hashed_id(normalised(name, "pipeline"))


def address_id(name: str) -> str:
    """Identity of an address: md5 of its name as given, trimmed."""
    return hashed_id(checked_name(name, "address").strip())


def hashed_id(text: str) -> str:
    """md5 of a text, as hexadecimal digits; PostgreSQL's md5() gives the same."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def input_hash(settings: Mapping[str, Any]) -> str:
    """sha256 of the settings as sorted JSON, ``next_watermark`` left out: where a run wants to end is no setting."""
    said = {key: value for key, value in settings.items() if key != "next_watermark"}
    text = json.dumps(jsonable(said), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def addresses(given: Sequence[Address | str] | Address | str) -> tuple[Address, ...]:
    """Addresses from names or addresses, one or many; each once, in the order given."""
    many = [given] if isinstance(given, (str, Address)) else given
    read = [a if isinstance(a, Address) else Address(a) for a in many]
    return tuple({a.address_id: a for a in reversed(read)}[key] for key in dict.fromkeys(a.address_id for a in read))


def normalised(name: str, what: str) -> str:
    """A name trimmed and in lower case. Raises ConfigError when it is empty or no text."""
    return checked_name(name, what).strip().lower()


def checked_name(name: str, what: str) -> str:
    """The name, when it is one. Raises ConfigError when it is empty, too long or no text."""
    if not isinstance(name, str) or not clean_text(name).strip():
        raise ConfigError(f"The name of the {what} is {name!r}: give it a name that is not empty.")
    if len(name) > LONGEST_NAME:
        raise ConfigError(f"The name of the {what} has {len(name)} characters; it may have {LONGEST_NAME}.")
    return clean_text(name)


def watermark_text(value: Any) -> str | None:
    """A watermark as the text that is stored: times in ISO 8601 (UTC when they have a zone), everything else as str."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return (value.astimezone(timezone.utc) if value.tzinfo else value).isoformat()
    return clean_text(value.isoformat() if isinstance(value, date) else str(value))


def clean_text(text: str) -> str:
    """The text without what PostgreSQL cannot store: the NUL character and halves of surrogate pairs."""
    text = str(text).replace("\x00", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def jsonable(value: Any, depth: int = 32) -> Any:
    """The value as something JSON and PostgreSQL can hold; what they cannot is written as text."""
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
