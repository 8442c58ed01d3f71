"""Contracts as the Open Data Contract Standard (ODCS) writes them, version 3.1. Pure.

https://bitol-io.github.io/open-data-contract-standard/v3.1.0/. What the standard has a word for is written with it;
the rest stands under ``customProperties`` and in rules of the engine ``lookout``, in the words of Lookout's own YAML.
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
    """One contract as ODCS YAML.

    ``server`` may give host, port and database; nothing else of it is written. ``freshness`` is how old the newest row
    may be. Raises ConfigError when the library is missing.
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


def check(content: Any, what: str) -> None:
    """Hold a parsed document against the standard: the library's models, then the JSON schema it ships.

    Raises ConfigError with one sentence, also when the library is missing.
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
        raise ConfigError(f"{what} is not a contract of the Open Data Contract Standard: it has no kind: DataContract.")
    version = str(content.get("apiVersion") or "")
    if not version.startswith("v3."):
        raise ConfigError(f"{what} has apiVersion {version or 'none'}, and Lookout reads version 3 of the standard.")
    schema = json.loads(OpenDataContractStandard.json_schema())  # type: ignore[no-untyped-call]
    problem = best_match(Draft201909Validator(schema).iter_errors(_typed(content)))
    if problem is not None:
        place = ".".join(map(str, problem.absolute_path)) or "the document"
        said = " ".join(problem.message.split())
        raise ConfigError(f"{what} does not follow the Open Data Contract Standard: {place}: {said[:300]}.")
    try:
        OpenDataContractStandard(**content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{what} does not follow the Open Data Contract Standard: {place}: {first['msg']}."
        ) from error


def _typed(content: Any) -> Any:
    """A copy in which every property has a logical type, which is optional in the standard.

    The JSON schema of version 3.2 takes a property without one for a map, and then misses the parts of a map.
    """
    if isinstance(content, list):
        return [_typed(item) for item in content]
    if not isinstance(content, Mapping):
        return content
    found = {key: _typed(value) for key, value in content.items()}
    for entry in found.get("properties") or () if isinstance(found.get("properties"), list) else ():
        if isinstance(entry, dict) and "logicalType" not in entry and "logicalTypeOptions" not in entry:
            entry["logicalType"] = "array" if "items" in entry else "object"
    return found


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
    rules = [entry for rule in contract.rules if len(rule.columns) != 1 for entry in _row_rule(contract, rule)]
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
    """What Lookout is told beyond the promise itself, in the words of ``meta.lookout``; defaults are left out."""
    sampling = contract.sampling
    given = {
        "mode": contract.mode if contract.mode != "lenient" else None,
        "unexpected": contract.unexpected if contract.unexpected != _usual_unexpected(contract) else None,
        "payload": contract.payload,
        "filter": contract.row_filter,
        "timestamp_column": contract.timestamp_column,
        "incremental": contract.incremental,
        "sample": {"rows": sampling.rows, "method": sampling.method} if sampling else None,
        "examples": list(contract.example_columns) if contract.example_columns != primary_key(contract) else None,
        "include_sample_data": contract.include_sample_data,
    }
    found: dict[str, Any] = {key: value for key, value in given.items() if value}
    return {**({"connection": contract.connection} if contract.connection else {}), **found}


def _usual_unexpected(contract: Contract) -> str:
    return "fail" if contract.mode == "strict" else "warn"


def primary_key(contract: Contract) -> tuple[str, ...]:
    """The first key, when no column of it may be null."""
    nullable = {column.name for column in contract.columns if column.is_nullable}
    first = next(iter(contract.keys), ())
    return first if first and not nullable & set(first) else ()


def _property(contract: Contract, column: ColumnContract) -> dict[str, Any]:
    rules = [rule for rule in contract.rules if rule.columns == (column.name,)]
    plain = [rule for rule in rules if _is_plain(contract, rule)]
    key, logical = primary_key(contract), _logical_type(column.data_type)
    kinds = {rule.kind for rule in plain}
    found: dict[str, Any] = {"name": column.name}
    if logical:
        found["logicalType"] = logical
    if column.data_type:
        found["physicalType"] = column.data_type
    if column.name in key:
        found |= {"primaryKey": True, "primaryKeyPosition": key.index(column.name) + 1}
    if "not_null" in kinds or not column.is_nullable:
        found["required"] = True
    if "unique" in kinds and key != (column.name,):
        found["unique"] = True
    options: dict[str, Any] = {}
    quality, relationships = [], []
    for rule in rules:
        mine = _options(rule, logical) if rule in plain and not set(_options(rule, logical)) & set(options) else {}
        if mine:
            options |= mine
        elif rule.kind == "relationship" and rule in plain and _reference(rule):
            relationships.append(_relationship(rule))
        elif rule.kind != "type" and not (rule in plain and rule.kind in ("not_null", "unique")):
            quality.append(_column_rule(contract, rule))
    if not column.is_required:
        found["customProperties"] = [{"property": "optional", "value": True}]
    parts = {"logicalTypeOptions": options, "relationships": relationships, "quality": quality}
    return found | {name: part for name, part in parts.items() if part}


def _is_plain(contract: Contract, rule: Rule) -> bool:
    """Whether a rule holds for all rows and weighs what rules of such a contract weigh anyway."""
    return not rule.where and rule.severity == ("critical" if contract.mode == "strict" else "warning")


def _logical_type(data_type: str) -> str:
    word = parse_type(data_type).name if data_type else ""
    words = {"string": "string", "float": "number", "number": "number", "datetime": "timestamp", "object": "object"}
    return words.get(word) or LOGICAL_TYPES.get(type_family(data_type) or "", "")


def _options(rule: Rule, logical: str) -> dict[str, Any]:
    """A rule as options of the logical type; empty where the standard has none for it."""
    low, high = rule.arguments.get("min"), rule.arguments.get("max")
    if rule.kind == "length" and logical == "string":
        return {key: value for key, value in (("minLength", low), ("maxLength", high)) if value is not None}
    types: Any = {"integer": (int, float), "number": (int, float)}.get(logical, str)
    is_ordered = logical in ("integer", "number", "date", "timestamp", "time")
    given = [value for value in (low, high) if value is not None]
    if rule.kind != "range" or not is_ordered or not all(isinstance(value, types) for value in given):
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
    said: dict[str, Any]
    if rule.kind == "not_null":
        said = {"metric": "nullValues", "mustBe": 0}
    elif rule.kind == "unique":
        said = {"metric": "duplicateValues", "mustBe": 0}
    elif rule.kind == "accepted_values":
        said = {"metric": "invalidValues", "arguments": {"validValues": list(arguments["values"])}, "mustBe": 0}
    elif rule.kind == "pattern":
        said = {"metric": "invalidValues", "arguments": {"pattern": arguments["regex"]}, "mustBe": 0}
    elif rule.kind == "expression":
        return next(_row_rule(contract, rule))
    else:
        said = {"type": "custom", "engine": ENGINE, "implementation": _own_words(rule)}
    return {**({"type": "library"} if "metric" in said else {}), **said, **_weight(contract, rule)}


def _own_words(rule: Rule) -> dict[str, Any]:
    names = {
        "range": {"min": "min", "max": "max", "strict": "strict"},
        "length": {"min": "min_length", "max": "max_length"},
        "precision": {"digits": "precision"},
        "relationship": {key: key for key in ("schema", "table", "column")},
    }.get(rule.kind, {})
    return {name: rule.arguments[key] for key, name in names.items() if rule.arguments.get(key) not in (None, "")}


def _row_rule(contract: Contract, rule: Rule) -> Iterator[dict[str, Any]]:
    """A rule about several columns or the row; quality entries of the table."""
    if rule.kind == "unique" and rule.columns != primary_key(contract):
        said: dict[str, Any] = {"type": "library", "metric": "duplicateValues"}
        said |= {"arguments": {"properties": list(rule.columns)}, "mustBe": 0}
        yield said | _weight(contract, rule)
    elif rule.kind == "expression":
        query = BROKEN_ROWS.format(rule.arguments["sql"])
        named = {} if rule.name.startswith(("test.", "expression(")) else {"name": rule.name}
        yield {**named, "type": "sql", "query": query, "mustBe": 0, **_weight(contract, rule)}


def _weight(contract: Contract, rule: Rule) -> dict[str, Any]:
    """Severity and filter, where they are not what they would be anyway."""
    usual = "critical" if contract.mode == "strict" else "warning"
    found: dict[str, Any] = {} if rule.severity == usual else {"severity": SEVERITIES[rule.severity]}
    return found | ({"customProperties": [{"property": "where", "value": rule.where}]} if rule.where else {})
