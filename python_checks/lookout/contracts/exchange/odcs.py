"""Export of contracts in the Open Data Contract Standard (ODCS), version 3.1. Pure.

https://bitol-io.github.io/open-data-contract-standard/v3.1.0/. Everything that the standard has no key for is written
under ``customProperties`` and in rules of the engine ``lookout``, with the keys of Lookout's own YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import yaml

from lookout.contracts.spec.model import ColumnContract, Contract, Rule
from lookout.contracts.spec.types import parse_type, type_family
from lookout.errors import ConfigError

API_VERSION = "v3.1.0"
UNVERSIONED = "0.0.0"
ENGINE = "lookout"
SEVERITIES = {"critical": "error", "warning": "warning"}
BROKEN_ROWS = "select count(*) from {{object}} where not ({})"
LOGICAL_TYPES = {
    "text": "string", "uuid": "string", "integer": "integer", "number": "number", "boolean": "boolean",
    "timestamp": "timestamp", "date": "date", "time": "time", "json": "object", "array": "array",
}  # fmt: skip
REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)+")


def to_odcs(contract: Contract, *, server: Mapping[str, Any] | None = None, freshness: timedelta | None = None) -> str:
    """Return one contract as ODCS YAML.

    ``server`` may give host, port and database; nothing else of it is written. ``freshness`` is the maximum age of the
    newest row. Raises ConfigError when the library is missing.
    """
    content = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": contract.node_id or contract.name,
        "name": contract.name,
        "version": contract.version or UNVERSIONED,
        "status": "active",
        **({"description": {"purpose": contract.description}} if contract.description else {}),
        **({"servers": [_server(contract, server)]} if server else {}),
        **({"team": {"name": contract.owner}} if contract.owner else {}),
        "schema": [_table(contract)],
        **({"slaProperties": [_freshness(contract, freshness)]} if freshness else {}),
    }
    content = json.loads(json.dumps(content, default=str))
    check(content, contract.name)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000)


def check(content: Any, document: str) -> None:
    """Validate a parsed document: first against the JSON schema that the library ships, then its models.

    ``document`` names it in messages. Raises ConfigError with one sentence, also when the library is missing.
    """
    try:
        from jsonschema.exceptions import best_match  # type: ignore[import-untyped]
        from jsonschema.validators import Draft201909Validator  # type: ignore[import-untyped]
        from open_data_contract_standard.model import OpenDataContractStandard
        from pydantic import ValidationError
    except ImportError as error:
        raise ConfigError(
            "The Open Data Contract Standard needs a package that is not installed: "
            "run `pip install 'lookout-observability[odcs]'`."
        ) from error
    if not isinstance(content, Mapping) or content.get("kind") != "DataContract":
        raise ConfigError(
            f"{document} is not a contract of the Open Data Contract Standard: it has no kind: DataContract."
        )
    version = str(content.get("apiVersion") or "")
    if not version.startswith("v3."):
        raise ConfigError(
            f"{document} has apiVersion {version or 'none'}, and Lookout reads version 3 of the standard."
        )
    schema = json.loads(OpenDataContractStandard.json_schema())  # type: ignore[no-untyped-call]
    problem = best_match(Draft201909Validator(schema).iter_errors(_typed(content)))
    if problem is not None:
        path = ".".join(map(str, problem.absolute_path)) or "the document"
        message = " ".join(problem.message.split())
        raise ConfigError(f"{document} does not follow the Open Data Contract Standard: {path}: {message[:300]}.")
    try:
        OpenDataContractStandard(**content)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{document} does not follow the Open Data Contract Standard: {path}: {first['msg']}."
        ) from error


def _typed(content: Any) -> Any:
    """Return a copy in which every property has a logical type, which is optional in the standard.

    The JSON schema of version 3.2 treats a property without one as a map, and then misses the parts of a map.
    """
    if isinstance(content, list):
        return [_typed(item) for item in content]
    if not isinstance(content, Mapping):
        return content
    typed = {key: _typed(value) for key, value in content.items()}
    properties = typed.get("properties")
    for entry in properties if isinstance(properties, list) else ():
        if isinstance(entry, dict) and "logicalType" not in entry and "logicalTypeOptions" not in entry:
            entry["logicalType"] = "array" if "items" in entry else "object"
    return typed


def _server(contract: Contract, server: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "server": contract.connection or "warehouse",
        "type": "postgres",
        "host": str(server.get("host") or "localhost"),
        "port": int(server.get("port") or 5432),
        "database": str(server.get("database") or server.get("dbname") or "postgres"),
        "schema": contract.schema,
    }


def _freshness(contract: Contract, freshness: timedelta) -> dict[str, Any]:
    hours = freshness.total_seconds() / 3600
    element = ".".join(filter(None, (contract.name.rpartition(".")[2], contract.timestamp_column)))
    return {
        "property": "latency",
        "value": int(hours) if hours.is_integer() else hours,
        "unit": "h",
        "element": element,
    }


def _table(contract: Contract) -> dict[str, Any]:
    rules: list[dict[str, Any]] = []
    for rule in contract.rules:
        if len(rule.columns) != 1:
            rules += _row_rule(contract, rule)
    custom = _settings(contract)
    return {
        "name": contract.name.rpartition(".")[2],
        "physicalName": contract.asset,
        "physicalType": "table",
        "logicalType": "object",
        **({"description": contract.description} if contract.description else {}),
        "properties": [_property(contract, column) for column in contract.columns],
        **({"quality": rules} if rules else {}),
        **({"customProperties": [{"property": ENGINE, "value": custom}]} if custom else {}),
    }


def _settings(contract: Contract) -> dict[str, Any]:
    """Return the settings of Lookout that are not rules, with the keys of ``meta.lookout``; defaults are left out."""
    sampling = contract.sampling
    settings = {
        "mode": contract.mode if contract.mode != "lenient" else None,
        "unexpected": contract.unexpected if contract.unexpected != _default_unexpected(contract) else None,
        "payload": contract.payload,
        "filter": contract.row_filter,
        "timestamp_column": contract.timestamp_column,
        "incremental": contract.incremental,
        "sample": {"rows": sampling.rows, "method": sampling.method} if sampling else None,
        "examples": list(() if contract.example_columns == primary_key(contract) else contract.example_columns or ()),
        "include_sample_data": contract.include_sample_data,
    }
    written: dict[str, Any] = {key: value for key, value in settings.items() if value}
    return {**({"connection": contract.connection} if contract.connection else {}), **written}


def _default_unexpected(contract: Contract) -> str:
    return "fail" if contract.mode == "strict" else "warn"


def primary_key(contract: Contract) -> tuple[str, ...]:
    """Return the first key, when no column of it may be null; else an empty key."""
    nullable = {column.name for column in contract.columns if column.is_nullable}
    first = next(iter(contract.keys), ())
    return first if first and not nullable & set(first) else ()


def _property(contract: Contract, column: ColumnContract) -> dict[str, Any]:
    rules = [rule for rule in contract.rules if rule.columns == (column.name,)]
    plain = [rule for rule in rules if _is_plain(contract, rule)]
    key, logical = primary_key(contract), _logical_type(column.data_type)
    kinds = {rule.kind for rule in plain}
    entry: dict[str, Any] = {"name": column.name}
    if logical:
        entry["logicalType"] = logical
    if column.data_type:
        entry["physicalType"] = column.data_type
    if column.name in key:
        entry |= {"primaryKey": True, "primaryKeyPosition": key.index(column.name) + 1}
    if "not_null" in kinds or not column.is_nullable:
        entry["required"] = True
    if "unique" in kinds and key != (column.name,):
        entry["unique"] = True
    options: dict[str, Any] = {}
    quality, relationships = [], []
    for rule in rules:
        own_options = _options(rule, logical) if rule in plain else {}
        if own_options and not set(own_options) & set(options):
            options |= own_options
        elif rule.kind == "relationship" and rule in plain and _reference(rule):
            relationships.append(_relationship(rule))
        elif rule.kind != "type" and not (rule in plain and rule.kind in ("not_null", "unique")):
            quality.append(_column_rule(contract, rule))
    if not column.is_required:
        entry["customProperties"] = [{"property": "optional", "value": True}]
    parts = {"logicalTypeOptions": options, "relationships": relationships, "quality": quality}
    return entry | {name: part for name, part in parts.items() if part}


def _is_plain(contract: Contract, rule: Rule) -> bool:
    """Return whether a rule applies to all rows and has the default severity of its contract."""
    return not rule.where and rule.severity == ("critical" if contract.mode == "strict" else "warning")


def _logical_type(data_type: str) -> str:
    word = parse_type(data_type).name if data_type else ""
    words = {"string": "string", "float": "number", "number": "number", "datetime": "timestamp", "object": "object"}
    return words.get(word) or LOGICAL_TYPES.get(type_family(data_type) or "", "")


def _options(rule: Rule, logical: str) -> dict[str, Any]:
    """Return a rule as options of the logical type; empty where the standard has none for it."""
    low, high = rule.arguments.get("min"), rule.arguments.get("max")
    if rule.kind == "length" and logical == "string":
        return {key: value for key, value in (("minLength", low), ("maxLength", high)) if value is not None}
    accepted_types: Any = {"integer": (int, float), "number": (int, float)}.get(logical, str)
    is_ordered = logical in ("integer", "number", "date", "timestamp", "time")
    limits = [value for value in (low, high) if value is not None]
    if rule.kind != "range" or not is_ordered or not all(isinstance(value, accepted_types) for value in limits):
        return {}
    names = ("exclusiveMinimum", "exclusiveMaximum") if rule.arguments.get("strict") else ("minimum", "maximum")
    return {name: value for name, value in zip(names, (low, high), strict=True) if value is not None}


def _reference(rule: Rule) -> str:
    text = "{table}.{column}".format(**rule.arguments)
    return text if REFERENCE.fullmatch(text) else ""


def _relationship(rule: Rule) -> dict[str, Any]:
    schema = [{"property": "schema", "value": rule.arguments.get("schema") or ""}]
    return {"type": "foreignKey", "to": _reference(rule), "customProperties": schema}


def _column_rule(contract: Contract, rule: Rule) -> dict[str, Any]:
    arguments = rule.arguments
    entry: dict[str, Any]
    if rule.kind == "not_null":
        entry = {"metric": "nullValues", "mustBe": 0}
    elif rule.kind == "unique":
        entry = {"metric": "duplicateValues", "mustBe": 0}
    elif rule.kind == "accepted_values":
        entry = {"metric": "invalidValues", "arguments": {"validValues": list(arguments["values"])}, "mustBe": 0}
    elif rule.kind == "pattern":
        entry = {"metric": "invalidValues", "arguments": {"pattern": arguments["regex"]}, "mustBe": 0}
    elif rule.kind == "expression":
        return next(_row_rule(contract, rule))
    else:
        entry = {"type": "custom", "engine": ENGINE, "implementation": _lookout_keys(rule)}
    return {**({"type": "library"} if "metric" in entry else {}), **entry, **_severity_and_filter(contract, rule)}


def _lookout_keys(rule: Rule) -> dict[str, Any]:
    names = {
        "range": {"min": "min", "max": "max", "strict": "strict"},
        "length": {"min": "min_length", "max": "max_length"},
        "precision": {"digits": "precision"},
        "relationship": {key: key for key in ("schema", "table", "column")},
    }.get(rule.kind, {})
    return {name: rule.arguments[key] for key, name in names.items() if rule.arguments.get(key) not in (None, "")}


def _row_rule(contract: Contract, rule: Rule) -> Iterator[dict[str, Any]]:
    """Yield the quality entry of the table for a rule about several columns or the row; nothing for other rules."""
    if rule.kind == "unique" and rule.columns != primary_key(contract):
        entry: dict[str, Any] = {"type": "library", "metric": "duplicateValues"}
        entry |= {"arguments": {"properties": list(rule.columns)}, "mustBe": 0}
        yield entry | _severity_and_filter(contract, rule)
    elif rule.kind == "expression":
        query = BROKEN_ROWS.format(rule.arguments["sql"])
        name = {} if rule.name.startswith(("test.", "expression(")) else {"name": rule.name}
        yield {**name, "type": "sql", "query": query, "mustBe": 0, **_severity_and_filter(contract, rule)}


def _severity_and_filter(contract: Contract, rule: Rule) -> dict[str, Any]:
    """Return severity and filter of a rule, where they are not the default."""
    default = "critical" if contract.mode == "strict" else "warning"
    entry: dict[str, Any] = {} if rule.severity == default else {"severity": SEVERITIES[rule.severity]}
    return entry | ({"customProperties": [{"property": "where", "value": rule.where}]} if rule.where else {})
