"""Declarations of the nodes of a manifest: settings, connection, owner, and whether the table is watched."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lookout.errors import short_repr
from lookout.project.declarations.grain import GRAINS
from lookout.project.declarations.nodes import file_of, loaded_at_field, lookout_of, meta_of, name_of, owner_setting
from lookout.project.declarations.settings import ColumnSettings, TableSettings
from lookout.project.validation import Reader, keys_of

# Location and owner of the table: other parts of Lookout read these too, so alone they watch nothing.
LOCATION_KEYS = ("connection", "schema", "table", "owner", "layer", "description")
# Keys with readers of their own, which watch no table.
OTHER_KEYS = ("contract", "pipeline")
WATCH_KEYS = set(keys_of(TableSettings)) - {"enabled", *LOCATION_KEYS, *OTHER_KEYS}


@dataclass(frozen=True)
class DeclaredNode:
    """A dbt node that declares something for Lookout: ``settings`` is its own mapping over that of its source."""

    raw: Mapping[str, Any]
    settings: Mapping[str, Any]
    is_inherited: bool
    file: str
    name: str

    @property
    def is_source(self) -> bool:
        """Return whether somebody else builds the table."""
        return bool(self.raw.get("resource_type") == "source")


def read_declared_node(reader: Reader, raw: Mapping[str, Any]) -> DeclaredNode | None:
    """Read what a node declares; None when neither it, its source nor a column declares that it is watched."""
    own = meta_of(raw).get("lookout")
    source = (raw.get("source_meta") or {}).get("lookout")
    columns_say = any("metrics" in (lookout_of(column) or {}) for column in (raw.get("columns") or {}).values())
    if own is None and source is None and not columns_say:
        return None
    # dbt lets the meta of a table replace that of its source; here a table adds to what its source says.
    layers = [_as_settings(reader, layer) for layer in (source, own) if layer is not None]
    merged = {key: value for layer in layers for key, value in layer.items()}
    inherited = (own is None or own == source) and not columns_say
    return DeclaredNode(raw, merged, inherited, file_of(raw), name_of(raw))


def _as_settings(reader: Reader, value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"enabled": value}
    if isinstance(value, Mapping):
        return dict(value)
    reader.wrong(f"lookout is {short_repr(value)}; it must be a mapping of keys to values.")
    return {}


def read_table(reader: Reader, node: DeclaredNode, only: Collection[str] | None = None) -> TableSettings:
    """Read the settings of a table. Of those that are not in ``only``, it is just checked that they exist."""
    settings = node.settings
    if only is not None:
        settings = {key: value if key in only else None for key, value in settings.items()}
    grain = node.settings.get("grain")
    context = {"grain": grain if grain in GRAINS else "day"}
    return reader.read(TableSettings, settings, inside="lookout", context=context) or TableSettings()


def is_watched(node: DeclaredNode) -> bool:
    """Return False for settings that only give a table's location or owner, or are for other readers."""
    if any(key in node.settings for key in WATCH_KEYS) or loaded_at_field(node.raw):
        return True
    says_more = any(key not in (*LOCATION_KEYS, *OTHER_KEYS) for key in node.settings) or not node.settings
    return says_more and not node.is_inherited


def check_column_keys(reader: Reader, raw: Mapping[str, Any]) -> None:
    """Report every key under a column's ``meta.lookout`` that nobody reads."""
    for name, column in (raw.get("columns") or {}).items():
        lookout = meta_of(column).get("lookout")
        if isinstance(lookout, Mapping):
            column_reader = Reader(f"{reader.where}: column {name}")
            column_reader.read(ColumnSettings, lookout, inside="lookout")
            reader.problems += column_reader.problems
        elif lookout is not None:
            reader.wrong(
                f"column {name}: lookout is {short_repr(lookout)}; write {{metrics: [...]}} or {{contract: ...}}."
            )


def connection_of(reader: Reader, named: str | None, default: str, known: Collection[str] | None) -> str:
    """Return the name of the profiles.yml output that a table is in; one that does not exist is reported."""
    connection = named or default
    if known is not None and connection not in known:
        names = ", ".join(sorted(known)) or "none"
        reader.wrong(f"connection '{connection}' is not an output of profiles.yml; it has: {names}.")
    return connection


def read_owner(reader: Reader, node: DeclaredNode, groups: Mapping[str, Any]) -> str:
    """Return the nearest owner of a table; empty without one."""
    owner = owner_setting(node.raw, node.settings, groups)
    if owner is None or (isinstance(owner, str) and owner.strip() and "\x00" not in owner):
        return owner or ""
    reader.wrong(f"owner is {short_repr(owner)}; it must be a non-empty text.")
    return ""


def timestamp_column(reader: Reader, node: DeclaredNode, setting: str | None, *, is_needed: bool = True) -> str:
    """Return the column with the time when a row was loaded or happened; its absence is reported where it is needed.

    ``setting`` is what the table names, None also where that is a mistake.
    """
    if setting or node.settings.get("timestamp_column") is not None:
        return setting or ""
    loaded_at = loaded_at_field(node.raw)
    quoted = re.fullmatch(r'"((?:[^"]|"")+)"', loaded_at)
    if quoted:
        return quoted[1].replace('""', '"')
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", loaded_at):
        return loaded_at.lower()
    if is_needed and not loaded_at:
        reader.wrong("timestamp_column is missing; name the column that tells when a row was loaded or happened.")
    elif is_needed:
        reader.wrong(
            f"loaded_at_field {short_repr(loaded_at)} is an expression; name a plain column as timestamp_column."
        )
    return ""
