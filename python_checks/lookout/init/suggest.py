"""First monitors for a project, from its manifest and the catalogs of its databases. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lookout.engines.catalog import TIME_TYPES
from lookout.project.declarations.declared import is_watched, read_declared_node
from lookout.project.declarations.grain import Grain
from lookout.project.declarations.nodes import (
    loaded_at_field,
    location_of,
    name_of,
    owner_of,
)
from lookout.project.validation import Reader

# Hourly buckets need this many rows in a usual hour, and rows in this share of the hours.
ROWS_AN_HOUR = 20
SHARE_OF_BUCKETS = 0.9
FULL = 0.99  # share of the hours of a feed that has rows in every one
# With fewer, and days without any, a day's count is chance, and its alerts would mean nothing.
ROWS_A_DAY = 5
KEPT_TABLES = ("table", "incremental")
# Times of creation come first: they say more about a load than times of the last update.
KNOWN_NAMES = (
    "created_at", "inserted_at", "event_time", "event_at", "event_timestamp", "occurred_at", "recorded_at",
    "received_at", "loaded_at", "ingested_at", "_loaded_at", "_fivetran_synced", "_airbyte_extracted_at",
    "_sdc_received_at", "created", "created_on", "created_date", "timestamp", "updated_at", "modified_at",
)  # fmt: skip
LIKELY_ENDING = re.compile(r"(_at|_time|_ts|_timestamp|_on|_date|_day)$|^(at|ts|date|day)$")
# Times in a row that are not the time it came.
OTHER_TIMES = re.compile(
    r"(^|_)(birth\w*|dob|valid|expir\w*|due|deadline|deleted|archived|cancel\w*|closed|ends?|ended|until|planned|"
    r"scheduled|expected|last|first|next|previous)(_|$)"
)
DECLARED_TIME = re.compile(r"^\s*(timestamptz|timestamp|date)\b", re.IGNORECASE)
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


@dataclass(frozen=True)
class Candidate:
    """A source table, or a table that dbt builds, that is not watched yet.

    ``columns`` maps the columns that YAML describes to their declared types, which may be empty. ``references`` counts
    the nodes that read it. ``file`` is the YAML that describes it, empty when none does.
    """

    name: str
    connection: str
    schema: str
    table: str
    columns: Mapping[str, str]
    loaded_at: str
    owner: str
    references: int
    file: str
    source: str = ""
    model: str = ""

    @property
    def location(self) -> tuple[str, str, str]:
        """Connection, schema and table."""
        return self.connection, self.schema, self.table


@dataclass(frozen=True)
class Observed:
    """A table in its database: base types of the columns that may be read, none when there is no such table.

    ``size`` is in bytes.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    size: float = 0.0


@dataclass(frozen=True)
class Rate:
    """The rows of the last two weeks of a table: their number, hours and days with any, hours from first to last."""

    rows: int
    hours_with_rows: int
    days_with_rows: int
    hours: float

    @property
    def a_day(self) -> float:
        """Rows a day."""
        return self.rows / self._days

    @property
    def is_sparse(self) -> bool:
        """Return whether too few rows come to learn what is normal."""
        return self.a_day < ROWS_A_DAY and self.days_with_rows < SHARE_OF_BUCKETS * self._days

    @property
    def is_every_hour(self) -> bool:
        """Return whether more hours have rows than would if as many rows came at random."""
        by_chance = 1.0 - math.exp(-self.rows / max(self.hours, 1.0))
        return self.hours_with_rows >= FULL * self.hours and by_chance < FULL - 0.01

    @property
    def is_rare(self) -> bool:
        """Return whether rows came in one or two loads, a week apart."""
        return self.days_with_rows <= 2 and not 24 <= self.hours < 96

    @property
    def _days(self) -> float:
        return max(self.hours / 24, 1.0)


@dataclass(frozen=True)
class TimeColumn:
    """The column that a table is watched by, and why."""

    name: str
    reason: str
    is_date: bool = False


@dataclass(frozen=True)
class Suggestion:
    """A monitor to be written. ``reason`` is for people."""

    candidate: Candidate
    column: str
    grain: Grain
    reason: str

    @property
    def settings(self) -> dict[str, str]:
        """The settings to write under ``meta.lookout``."""
        return {"timestamp_column": self.column, "grain": self.grain}


def candidates(manifest: Mapping[str, Any], default_connection: str) -> list[Candidate]:
    """Return source tables, and models kept as tables, of the project itself that have no settings for Lookout yet.

    The most referenced come first.
    """
    project = (manifest.get("metadata") or {}).get("project_name")
    nodes = [*(manifest.get("sources") or {}).values(), *(manifest.get("nodes") or {}).values()]
    children = manifest.get("child_map") or {}
    found = [
        _candidate(raw, manifest, default_connection, _readers(children.get(raw.get("unique_id")) or ()))
        for raw in nodes
        if raw.get("package_name") == project and _is_kept(raw) and not _is_decided(raw)
    ]
    return sorted(found, key=lambda candidate: (-candidate.references, candidate.name))


def watched(manifest: Mapping[str, Any]) -> int:
    """Return the number of tables of the project that have settings for Lookout."""
    nodes = [*(manifest.get("sources") or {}).values(), *(manifest.get("nodes") or {}).values()]
    project = (manifest.get("metadata") or {}).get("project_name")
    return sum(raw.get("package_name") == project and _is_kept(raw) and _is_decided(raw) for raw in nodes)


def by_importance(found: Iterable[Candidate], observed: Mapping[tuple[str, str, str], Observed]) -> list[Candidate]:
    """Sort the largest tables first, as far as a database has them, then the most referenced."""

    def key(candidate: Candidate) -> tuple[float, int, str]:
        table = observed.get(candidate.location)
        return -(table.size if table else 0.0), -candidate.references, candidate.name

    return sorted(found, key=key)


def time_column(candidate: Candidate, observed: Observed | None) -> TimeColumn | None:
    """Return the column of the time rows came: by declared type, ``loaded_at_field``, catalog type, then name alone.

    If a database has the table, its types decide. None when there is no such column.
    """
    types = observed.columns if observed else {}
    described = {name: kind for name, kind in candidate.columns.items() if DECLARED_TIME.match(kind)}
    choices = [(name, f"declared as {described[name].strip()}") for name in _ranked(described)]
    choices += [(candidate.loaded_at, "its loaded_at_field")] if candidate.loaded_at else []
    in_catalog = _ranked(name for name, kind in types.items() if kind in TIME_TYPES)
    choices += [(name, f"{types[name]} in the database") for name in in_catalog]
    choices += [(name, "by its name") for name in _ranked(candidate.columns) if name.lower() in KNOWN_NAMES]
    for name, reason in choices:
        # Without quotes PostgreSQL stores names in lower case.
        stored = name if name in types else name.lower()
        if not types or types.get(stored) in TIME_TYPES:
            kind = types.get(stored) or described.get(name, "").strip().lower()
            return TimeColumn(stored if types else name, reason, kind == "date")
    return None


def grain_of(column: TimeColumn, rate: Rate | None) -> tuple[Grain, str]:
    """Return the grain of a monitor, and why: by the hour only where nearly every hour has rows enough.

    Rows that come every hour, though they are too few for that to be chance, are enough. Rare loads are watched by the
    day, because the rhythm of loads is one of days.
    """
    if rate is None or not rate.rows:
        return "day", ""
    is_steady = rate.hours >= 24 * 7 and rate.hours_with_rows >= SHARE_OF_BUCKETS * rate.hours
    an_hour = rate.rows / max(rate.hours, 1.0)
    if is_steady and not column.is_date and (an_hour >= ROWS_AN_HOUR or rate.is_every_hour):
        count = round(an_hour)
        return "hour", f"about {count:,} row{'' if count == 1 else 's'} an hour"
    if rate.is_rare:
        count, days = round(rate.rows / rate.days_with_rows), rate.days_with_rows
        return "day", f"about {count:,} row{'' if count == 1 else 's'} on {days} day{'s' * (days > 1)} of two weeks"
    count = round(rate.a_day)
    return "day", f"about {count:,} row{'' if count == 1 else 's'} a day"


def suggestion(candidate: Candidate, column: TimeColumn, rate: Rate | None) -> Suggestion:
    """Return the monitor of one table."""
    grain, pace = grain_of(column, rate)
    parts = [column.reason, pace, f"owner {candidate.owner}" if candidate.owner else ""]
    return Suggestion(candidate, column.name, grain, ", ".join(part for part in parts if part))


def _is_kept(raw: Mapping[str, Any]) -> bool:
    if raw.get("resource_type") == "source":
        return True
    is_table = (raw.get("config") or {}).get("materialized") in KEPT_TABLES
    # A model with versions is several tables under one entry of YAML.
    return raw.get("resource_type") == "model" and is_table and raw.get("version") is None


def _is_decided(raw: Mapping[str, Any]) -> bool:
    found = read_declared_node(Reader(""), raw)
    if found is None:
        return False
    # Settings without a monitor, such as an owner or a contract, do not decide; `enabled: false` does.
    return is_watched(found) or "enabled" in found.settings


def _candidate(
    raw: Mapping[str, Any], manifest: Mapping[str, Any], default_connection: str, references: int
) -> Candidate:
    connection, schema, table = location_of(raw, default_connection)
    columns = raw.get("columns") or {}
    loaded_at = loaded_at_field(raw).strip('"')
    is_source = raw.get("resource_type") == "source"
    patch = str(raw.get("patch_path") or "").split("://", 1)[-1]
    return Candidate(
        name=name_of(raw),
        connection=connection,
        schema=schema,
        table=table,
        columns={str(c.get("name") or key): str(c.get("data_type") or "") for key, c in columns.items()},
        loaded_at=loaded_at if PLAIN_NAME.fullmatch(loaded_at) else "",
        owner=owner_of(raw, manifest.get("groups") or {}),
        references=references,
        file=str(raw.get("original_file_path") or "") if is_source else patch,
        source=str(raw.get("source_name") or "") if is_source else "",
        model="" if is_source else str(raw.get("name") or ""),
    )


def _readers(children: Sequence[str]) -> int:
    return sum(not child.startswith(("test.", "unit_test.")) for child in children)


def _ranked(names: Iterable[str]) -> list[str]:
    """Return columns that may hold the time a row came, the likeliest first."""

    def rank(name: str) -> tuple[int, int]:
        plain = name.lower()
        if plain in KNOWN_NAMES:
            return 0, KNOWN_NAMES.index(plain)
        return (1, 0) if LIKELY_ENDING.search(plain) else (2, 0)

    likely = [name for name in names if not OTHER_TIMES.search(name.lower())]
    # Sorting keeps the order of the table among equals.
    return sorted(likely, key=rank)
