"""Import of contracts in the Open Data Contract Standard as dbt YAML; parts left out are listed in comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lookout.contracts.exchange.dbt_yaml import YamlColumn, YamlSource, YamlTable, write_models, write_sources
from lookout.contracts.exchange.odcs import ENGINE, UNVERSIONED, check
from lookout.errors import ConfigError
from lookout.project.files import parse_yaml

WORDS = {"timestamp": "datetime"}
BROKEN = re.compile(
    r"\s*select\s+count\(\*\)\s+from\s+(?:\{object\}|\$\{(?:table|object)\})\s+where\s+not\s*\((.*)\)\s*;?\s*",
    flags=re.IGNORECASE | re.DOTALL,
)
WARNINGS = ("warning", "warn", "info", "low", "minor", "medium")
FRESHNESS = ("latency", "ly", "freshness")
UNITS = {
    "m": "minutes", "min": "minutes", "minute": "minutes", "h": "hours", "hour": "hours", "hr": "hours", "d": "days",
    "day": "days", "w": "weeks", "week": "weeks",
}  # fmt: skip
# Parts of the standard that are read elsewhere, or only inform people and have no rules about rows.
SILENT = (
    "apiVersion", "kind", "id", "name", "version", "status", "description", "schema", "servers", "team",
    "slaProperties", "authoritativeDefinitions", "contractCreatedTs", "tags", "domain", "dataProduct", "tenant",
)  # fmt: skip
OWN_WORDS = (
    "nullable", "unique", "min", "max", "strict", "min_length", "max_length", "pattern", "precision", "accepted_values",
)  # fmt: skip
OPTIONS = {
    "minimum": "min", "maximum": "max", "exclusiveMinimum": "min", "exclusiveMaximum": "max",
    "minLength": "min_length", "maxLength": "max_length", "pattern": "pattern",
}  # fmt: skip


@dataclass
class _Column:
    """A column that is being read: its rules by severity and filter, since a column contract has one of each."""

    rules: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    foreign_key: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass
class _Table:
    """Keys, rules and notes of a table that is being read."""

    keys: list[list[str]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def from_odcs(text: str, *, file: str = "the contract", source: str = "", is_model: bool = False) -> str:
    """Convert ODCS YAML to dbt YAML: a source with a table for every object of the schema, or models.

    ``source`` is the name of the dbt source; by default it is taken from the contract or its server. Raises ConfigError
    with one sentence when the text is not YAML or does not follow the standard, or the library is missing.
    """
    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise ConfigError(f"{file} is not valid YAML{error}.") from error
    check(content, file)
    if not content.get("schema"):
        raise ConfigError(f"{file} has no schema: there is no table to write a contract for.")
    servers = content.get("servers") or [{}]
    name, _, _ = str(content.get("name") or "").rpartition(".")
    schema = str(servers[0].get("schema") or "")
    tables = [_table(content, entry, schema) for entry in content["schema"]]
    notes = [_left_out(key) for key in content if key not in SILENT]
    if len(servers) > 1:
        notes.append(_left_out("servers after the first"))
    tables[0] = replace(tables[0], comments=(*notes, *tables[0].comments))
    if is_model:
        return write_models(tuple(tables))
    location = str(content["schema"][0].get("physicalName") or "").rpartition(".")[0]
    return write_sources(
        YamlSource(source or name or schema or location or "imported", location or schema), tuple(tables)
    )


def _table(content: Mapping[str, Any], entry: Mapping[str, Any], schema: str) -> YamlTable:
    found = _Table()
    columns = [_column(found, column) for column in entry.get("properties") or ()]
    primary = sorted(
        (column for column in entry.get("properties") or () if column.get("primaryKey")),
        key=lambda column: column.get("primaryKeyPosition") or 0,
    )
    if primary:
        found.keys.insert(0, [column["name"] for column in primary])
    for rule in entry.get("quality") or ():
        _table_rule(found, rule)
    if entry.get("relationships"):
        found.notes.append(_left_out(f"relationships of {entry['name']}"))
    own = dict(_custom(entry).get(ENGINE) or {})
    connection = own.pop("connection", None)
    owner = _owner(content.get("team"))
    settings = {"connection": connection, "owner": owner, **_freshness(found, content, entry["name"], own)}
    version = str(content.get("version") or "")
    contract = {"version": version if version != UNVERSIONED else None, **own, "keys": found.keys, "rules": found.rules}
    description = entry.get("description") or (content.get("description") or {}).get("purpose") or ""
    return YamlTable(
        name=entry["name"],
        columns=tuple(columns),
        description=" ".join(str(description).split()),
        contract={key: value for key, value in contract.items() if value},
        settings={key: value for key, value in settings.items() if value},
        identifier=str(entry.get("physicalName") or "").rpartition(".")[2],
        comments=tuple(found.notes),
    )


def _column(table: _Table, entry: Mapping[str, Any]) -> YamlColumn:
    found, name = _Column(), str(entry["name"])
    plain = found.rules.setdefault(("", ""), {})
    if entry.get("required") or entry.get("primaryKey"):
        plain["nullable"] = False
    if entry.get("unique"):
        plain["unique"] = True
    options = entry.get("logicalTypeOptions") or {}
    for key, value in options.items():
        if key in OPTIONS and OPTIONS[key] not in plain:
            plain[OPTIONS[key]] = value
        elif key not in ("format", "timezone", "defaultTimezone"):
            found.notes.append(_left_out(f"{key} of {name}"))
    if any(key.startswith("exclusive") for key in options):
        plain["strict"] = True
        if {"minimum", "maximum"} & set(options):
            found.notes.append(f"Both limits of {name} are exclusive here, since one column has one kind of limits.")
    if entry.get("enum"):
        plain["accepted_values"] = [item.get("value") for item in entry["enum"]]
    for rule in entry.get("quality") or ():
        _column_rule(table, found, name, rule)
    for relationship in entry.get("relationships") or ():
        _relationship(found, name, relationship)
    found.notes += [_left_out(f"{key} of {name}") for key in ("properties", "items", "map") if entry.get(key)]
    return _yaml_column(table, found, entry)


def _yaml_column(table: _Table, found: _Column, entry: Mapping[str, Any]) -> YamlColumn:
    """Return the column; a rule of another severity or filter than its first becomes a rule of the table or a comment.

    A column contract has one severity and one filter.
    """
    name = str(entry["name"])
    plain = found.rules.pop(("", ""))
    for (severity, where), rules in found.rules.items():
        conditions = {key: value for key, value in (("severity", severity), ("where", where)) if value}
        if rules == {"unique": True}:
            table.rules.append({"unique": [name], **conditions})
        elif not plain:
            plain = {**rules, **conditions}
        else:
            keys_text = ", ".join(f"{key}: {value}" for key, value in {**rules, **conditions}.items())
            found.notes.append(f"Not taken over, for {name} has promises of another severity or filter: {keys_text}.")
    has_conditions = bool({"severity", "where"} & set(plain))
    values = () if has_conditions else tuple(plain.pop("accepted_values", ()))
    is_nullable = True if has_conditions else plain.pop("nullable", True)
    is_unique = False if has_conditions else plain.pop("unique", False)
    if _custom(entry).get("optional"):
        plain["required"] = False
    data_type = str(entry.get("physicalType") or "")
    logical = str(entry.get("logicalType") or "")
    return YamlColumn(
        name,
        data_type or WORDS.get(logical, logical),
        " ".join(str(entry.get("description") or "").split()),
        is_nullable=is_nullable,
        is_unique=is_unique,
        accepted_values=values,
        contract=plain,
        foreign_key=found.foreign_key,
        comments=tuple(found.notes),
    )


def _column_rule(table: _Table, found: _Column, name: str, rule: Mapping[str, Any]) -> None:
    keys = dict(_column_keys(rule))
    if not keys and (expression := _expression(rule)):
        table.rules.append({**_name_entry(rule), "expression": expression, **_severity_and_filter(rule)})
        return
    if not keys:
        found.notes.append(_left_out(_rule_label(rule, name)))
        return
    conditions = _severity_and_filter(rule)
    group = found.rules.setdefault((conditions.get("severity", ""), conditions.get("where", "")), {})
    for key, value in keys.items():
        if group.get(key, value) != value:
            found.notes.append(_left_out(f"second {key} of {name}"))
        group.setdefault(key, value)


def _table_rule(found: _Table, rule: Mapping[str, Any]) -> None:
    columns = (rule.get("arguments") or {}).get("properties")
    expression = _expression(rule)
    if rule.get("metric") == "duplicateValues" and rule.get("mustBe") == 0 and columns:
        if _severity_and_filter(rule):
            found.rules.append({**_name_entry(rule), "unique": list(columns), **_severity_and_filter(rule)})
        else:
            found.keys.append(list(columns))
    elif expression:
        found.rules.append({**_name_entry(rule), "expression": expression, **_severity_and_filter(rule)})
    else:
        found.notes.append(_left_out(_rule_label(rule, "the table")))


def _column_keys(rule: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the keys of a column's contract that express a quality rule; none when there are no such keys."""
    metric, arguments = rule.get("metric"), rule.get("arguments") or {}
    if rule.get("engine") == ENGINE and isinstance(rule.get("implementation"), Mapping):
        yield from ((key, value) for key, value in rule["implementation"].items() if key in OWN_WORDS)
    elif rule.get("mustBe") != 0 or rule.get("unit") not in (None, "rows"):
        return
    elif metric == "nullValues":
        yield "nullable", False
    elif metric == "duplicateValues":
        yield "unique", True
    elif metric == "invalidValues":
        if arguments.get("validValues"):
            yield "accepted_values", list(arguments["validValues"])
        if arguments.get("pattern"):
            yield "pattern", arguments["pattern"]


def _expression(rule: Mapping[str, Any]) -> str:
    match = BROKEN.fullmatch(str(rule.get("query") or ""))
    return match[1] if match and rule.get("mustBe") == 0 else ""


def _severity_and_filter(rule: Mapping[str, Any]) -> dict[str, str]:
    severity, where = str(rule.get("severity") or "").lower(), _custom(rule).get("where")
    found = {"severity": "warning" if severity in WARNINGS else "critical"} if severity else {}
    return found | ({"where": str(where)} if where else {})


def _name_entry(rule: Mapping[str, Any]) -> dict[str, str]:
    return {"name": str(rule["name"])} if rule.get("name") else {}


def _relationship(found: _Column, name: str, relationship: Mapping[str, Any]) -> None:
    to, schema = str(relationship.get("to") or ""), str(_custom(relationship).get("schema") or "")
    table, _, column = to.rpartition(".")
    if found.foreign_key or not table or "." in table or not schema:
        found.notes.append(f"Not taken over: {name} refers to {to}; add a relationships test with ref() or source().")
        return
    found.foreign_key = f"{schema}.{table} ({column})"


def _freshness(found: _Table, content: Mapping[str, Any], table: str, own: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for sla in content.get("slaProperties") or ():
        element, unit = str(sla.get("element") or ""), str(sla.get("unit") or "").lower().removesuffix("s") or "h"
        owner, _, column = element.rpartition(".")
        if element and table not in (owner.split(".")[-1], column, ""):
            continue
        is_known = sla.get("property") in FRESHNESS and unit in UNITS and isinstance(sla.get("value"), (int, float))
        column = own.get("timestamp_column") or (column if owner else "")
        if not is_known or not column or settings:
            found.notes.append(_left_out(f"slaProperty {sla.get('property')}"))
            continue
        own.pop("timestamp_column", None)
        limit = {"error_after": f"{sla['value']} {UNITS[unit]}"}
        settings = {"timestamp_column": column, "freshness": limit}
    return settings


def _owner(team: Any) -> str:
    if isinstance(team, Mapping):
        return str(team.get("name") or "")
    return ", ".join(_names(team or ()))


def _names(members: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for member in members:
        if not member.get("dateOut"):
            yield str(member.get("name") or member.get("username"))


def _custom(entry: Mapping[str, Any]) -> dict[str, Any]:
    properties = entry.get("customProperties") or ()
    return {str(custom.get("property")): custom.get("value") for custom in properties}


def _rule_label(rule: Mapping[str, Any], about: str) -> str:
    name = rule.get("name") or rule.get("metric") or rule.get("description") or rule.get("type") or "rule"
    return f"quality rule '{name}' of {about}"


def _left_out(part: str) -> str:
    return f"Not taken over: {part}."
