"""Nodes of dbt's manifest: owner, location, and the settings that are declared for Lookout."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lookout.plain import plain_name

TABLE_TYPES = ("model", "seed", "snapshot")
# dbt's notation of the node that a generic test, or a foreign key, is about.
SOURCE_CALL = re.compile(r"""source\(\s*['"]([^'"]+)['"]\s*,\s*['"]([^'"]+)['"]\s*\)""")
REF_CALL = re.compile(
    r"""ref\(\s*['"]([^'"]+)['"]\s*(?:,\s*['"]([^'"]+)['"]\s*)?(?:,\s*v(?:ersion)?\s*=\s*['"]?([^'")\s]+)['"]?\s*)?\)"""
)


def table_nodes(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the models, seeds, snapshots and sources of a manifest, in order of file and name."""
    found = [node for node in (manifest.get("nodes") or {}).values() if node.get("resource_type") in TABLE_TYPES]
    found += (manifest.get("sources") or {}).values()
    return iter(sorted(found, key=lambda node: (file_of(node), name_of(node))))


def loaded_at_field(raw: Mapping[str, Any]) -> str:
    """Return dbt's ``loaded_at_field`` as people wrote it; empty when there is none."""
    config = raw.get("config") or {}
    return str(raw.get("loaded_at_field") or config.get("loaded_at_field") or "").strip()


def owner_of(node: Mapping[str, Any], groups: Mapping[str, Any] | None = None) -> str:
    """Return the owner of a node as `owner_setting` finds it; a value that is no text is shown as it is."""
    return str(owner_setting(node, _settings(node), groups or {}) or "")


def owner_setting(raw: Mapping[str, Any], settings: Mapping[str, Any], groups: Mapping[str, Any]) -> object:
    """Return the nearest owner: of Lookout's setting, meta, the source's meta, the dbt group; None without any.

    dbt lets people write a name, a list of names or {name: ..., email: ...}; the value of any other kind comes back
    as it is.
    """
    named = [settings.get("owner"), meta_of(raw).get("owner"), (raw.get("source_meta") or {}).get("owner")]
    group = raw.get("group") or (raw.get("config") or {}).get("group")
    named += [entry.get("owner") for entry in groups.values() if group and entry.get("name") == group]
    for value in named:
        if isinstance(value, Mapping):
            value = value.get("name") or value.get("email")
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ", ".join(value)
        if value:
            return value
    return None


def layer_of(node: Mapping[str, Any]) -> str:
    """Return the layer of a node: Lookout's setting, else the first folder below ``models``, else the resource type."""
    layer = _settings(node).get("layer")
    if layer:
        return str(layer)
    fqn = node.get("fqn") or []
    return str(fqn[1]) if node.get("resource_type") == "model" and len(fqn) > 2 else str(node.get("resource_type", ""))


def location_of(node: Mapping[str, Any], default_connection: str) -> tuple[str, str, str]:
    """Return connection, schema and table of a node by its and its source's settings; mistakes are ignored."""
    settings = _settings(node)
    return (
        str(settings.get("connection") or default_connection),
        str(settings.get("schema") or node.get("schema") or ""),
        str(settings.get("table") or relation_name(node)),
    )


def tested_node(test: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Return the unique id of the node that a generic test is about; empty for a singular test of several nodes.

    dbt attaches tests to models only. For a test of a source it writes the source into the argument ``model``.
    """
    attached = test.get("attached_node")
    if attached:
        return str(attached)
    about = [str(node_id) for node_id in (test.get("depends_on") or {}).get("nodes") or []]
    model = str(((test.get("test_metadata") or {}).get("kwargs") or {}).get("model") or "")
    return referenced_node(model, manifest, about) or (about[0] if len(about) == 1 else "")


def referenced_node(text: str, manifest: Mapping[str, Any], among: Collection[str] | None = None) -> str:
    """Return the unique id of the node of a ``ref(...)`` or ``source(...)`` in a text; empty for none or several."""
    source, ref = SOURCE_CALL.search(text), REF_CALL.search(text)
    nodes, sources = manifest.get("nodes") or {}, manifest.get("sources") or {}
    found: list[str] = []
    if source:
        keys = sources if among is None else [key for key in among if key in sources]
        found = [key for key in keys if (sources[key].get("source_name"), sources[key].get("name")) == source.groups()]
    elif ref:
        package, name, version = (ref[1], ref[2], ref[3]) if ref[2] else (None, ref[1], ref[3])
        found = [
            key
            for key in (nodes if among is None else [key for key in among if key in nodes])
            if nodes[key].get("resource_type") in TABLE_TYPES
            and nodes[key].get("name") == name
            and package in (None, nodes[key].get("package_name"))
            and version in (None, str(nodes[key].get("version")))
        ]
        if version is None and len(found) > 1:
            found = [key for key in found if _is_latest(nodes[key])]
    return found[0] if len(found) == 1 else ""


def _is_latest(node: Mapping[str, Any]) -> bool:
    return node.get("version") is None or node.get("version") == node.get("latest_version")


def meta_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``meta`` of a node or column, wherever the version of dbt has put it."""
    layers = (raw.get("meta"), (raw.get("config") or {}).get("meta"))
    return {key: value for layer in layers if isinstance(layer, Mapping) for key, value in layer.items()}


def lookout_of(column: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return ``meta.lookout`` of a column when it is a mapping."""
    found = meta_of(column).get("lookout")
    return found if isinstance(found, Mapping) else None


def _settings(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return Lookout's settings of a node over those of its source; mistakes are ignored."""
    layers = [(meta or {}).get("lookout") for meta in (node.get("source_meta"), meta_of(node))]
    return {key: value for layer in layers if isinstance(layer, Mapping) for key, value in layer.items()}


def relation_name(raw: Mapping[str, Any]) -> str:
    """Return the name of the table in its database."""
    return str(raw.get("identifier") or raw.get("alias") or raw.get("name") or "")


def name_of(raw: Mapping[str, Any]) -> str:
    """Return the name of a node as people write it: ``orders`` for a model, ``shop.orders`` for a source."""
    prefix = f"{raw['source_name']}." if raw.get("source_name") else ""
    return plain_name(f"{prefix}{raw.get('name', '')}")


def file_of(raw: Mapping[str, Any]) -> str:
    """Return the YAML file that declares a node; the SQL file when no YAML does."""
    patch = str(raw.get("patch_path") or "")
    return patch.split("://", 1)[-1] or str(raw.get("original_file_path") or "")


def first_line(text: object) -> str:
    """Return the first line of a description, for lists."""
    lines = str(text or "").strip().splitlines()
    return lines[0].strip() if lines else ""
