"""Contracts as dbt YAML to paste into a project: sources and models, with comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

INDENT = "  "
# Column names that PostgreSQL accepts in double quotes only (its documentation, appendix C: reserved).
_RESERVED = """
all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc
distinct do else end except false fetch for foreign from grant group having in initially intersect into
lateral leading limit localtime localtimestamp not null offset on only or order placing primary references
returning select session_user some symmetric system_user table then to trailing true union unique user using
variadic when where window with
"""
RESERVED = frozenset(_RESERVED.split())


@dataclass(frozen=True)
class YamlColumn:
    """One column to write. ``comments`` are the lines above it, without the sign.

    ``contract`` holds keys of ``meta.lookout.contract`` of a column: min, max, strict, min_length, max_length,
    pattern, precision, severity, where. ``foreign_key`` is ``schema.table (column)``.
    """

    name: str
    data_type: str = ""
    description: str = ""
    is_nullable: bool = True
    is_unique: bool = False
    accepted_values: tuple[Any, ...] = ()
    contract: Mapping[str, Any] = field(default_factory=dict)
    foreign_key: str = ""
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class YamlTable:
    """One table to write. ``contract`` holds keys of ``meta.lookout.contract``, ``settings`` further lookout keys."""

    name: str
    columns: tuple[YamlColumn, ...]
    description: str = ""
    contract: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    identifier: str = ""
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class YamlSource:
    """The dbt source that tables are written into. ``schema`` is left out when it is the name."""

    name: str
    schema: str = ""
    description: str = ""


class _Dumper(yaml.SafeDumper):
    """A YAML dumper that writes short lists on one line and indents the items of the others."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _list(dumper: yaml.SafeDumper, items: Any) -> yaml.Node:
    is_plain = all(not isinstance(item, (dict, list)) for item in items)
    is_keys = all(isinstance(item, list) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=is_plain or is_keys)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # Other readers of YAML than this one take y for true and 1e3 for a number.
    is_odd = value.lower() in ("y", "n") or value[:1].isdigit() or "\n" in value
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if is_odd else None)


_Dumper.add_representer(list, _list)
_Dumper.add_representer(str, _text)


def write_sources(source: YamlSource, tables: tuple[YamlTable, ...]) -> str:
    """Return a properties file with one source, ready to paste into a dbt project (dbt 1.10 and later)."""
    header: dict[str, Any] = {"name": source.name}
    if source.description:
        header["description"] = _escaped(source.description)
    if source.schema and source.schema != source.name:
        header["schema"] = source.schema
    lines = ["version: 2", "", "sources:", *_item(header, 1), f"{INDENT * 2}tables:"]
    for table in tables:
        lines += _table_lines(table, 3, is_source=True)
    return "\n".join(lines) + "\n"


def write_models(tables: tuple[YamlTable, ...]) -> str:
    """Return a properties file with models, ready to paste into a dbt project (dbt 1.10 and later)."""
    lines = ["version: 2", "", "models:"]
    for table in tables:
        lines += _table_lines(table, 1, is_source=False)
    return "\n".join(lines) + "\n"


def _table_lines(table: YamlTable, depth: int, *, is_source: bool) -> list[str]:
    header: dict[str, Any] = {"name": table.name}
    if is_source and table.identifier and table.identifier != table.name:
        header["identifier"] = table.identifier
    if table.description:
        header["description"] = _escaped(table.description)
    lookout = {**table.settings, "contract": dict(table.contract) or True}
    header["config"] = {"meta": {"lookout": _escaped(lookout)}}
    lines = [*_comments(table.comments, depth), *_item(header, depth)]
    if table.columns:
        lines.append(f"{INDENT * (depth + 1)}columns:")
    for column in table.columns:
        lines += [*_comments(column.comments, depth + 2), *_item(_column(column, is_source), depth + 2)]
    return lines


def _column(column: YamlColumn, is_source: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": column.name}
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", column.name) or column.name in RESERVED:
        found["quote"] = True
    if column.description:
        found["description"] = _escaped(column.description)
    if column.data_type:
        found["data_type"] = column.data_type
    if column.foreign_key:
        found["constraints"] = [{"type": "foreign_key", "expression": column.foreign_key}]
    contract = dict(column.contract)
    if is_source:
        tests: list[Any] = [] if column.is_nullable else ["not_null"]
        tests += ["unique"] if column.is_unique else []
        values = list(column.accepted_values)
        if _escaped(values) != values:
            # dbt renders Jinja under meta when it parses, but arguments of tests only when it runs them.
            contract["accepted_values"] = values
        elif values:
            quote = all(isinstance(value, str) for value in values)
            arguments = {"values": values, **({} if quote else {"quote": False})}
            tests.append({"accepted_values": {"arguments": arguments}})
        if tests:
            found["data_tests"] = tests
    else:
        # dbt runs the tests of models itself; contract rules are checked in one scan of the table.
        from_fields = {
            "nullable": None if column.is_nullable else False,
            "unique": True if column.is_unique else None,
            "accepted_values": list(column.accepted_values) or None,
        }
        contract = {key: value for key, value in from_fields.items() if value is not None} | contract
    if contract:
        found["config"] = {"meta": {"lookout": {"contract": _escaped(contract)}}}
    return found


def _item(content: Mapping[str, Any], depth: int) -> list[str]:
    """Return the lines of a mapping as one item of a list."""
    dumped = yaml.dump(
        [dict(content)], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False
    )
    return [f"{INDENT * depth}{line.removeprefix(INDENT)}" if line else "" for line in _outdented(dumped)]


def _outdented(dumped: str) -> list[str]:
    lines = dumped.rstrip("\n").split("\n")
    shift = len(lines[0]) - len(lines[0].lstrip())
    return [INDENT + line[shift:] for line in lines]


def _comments(comments: tuple[str, ...], depth: int) -> list[str]:
    return [f"{INDENT * depth}# {' '.join(comment.split())}" for comment in comments]


def _escaped(value: Any) -> Any:
    """Return a value whose texts dbt's Jinja leaves as they are: descriptions and patterns may hold braces."""
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(item) for item in value]
    if isinstance(value, str) and any(sign in value for sign in ("{{", "{%", "{#")):
        return "{% raw %}" + value + "{% endraw %}"
    return value
