"""Versions of a contract and of a table's real columns, and the changes between two of them. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from lookout.contracts.spec.model import Contract, ObservedTable, Rule

Subject = Literal["contract", "table"]
ChangeType = Literal[
    "created",
    "removed",
    "column_added",
    "column_removed",
    "type_changed",
    "nullability_changed",
    "key_added",
    "key_removed",
    "rule_added",
    "rule_removed",
    "rule_changed",
    "setting_changed",
]
Definition = dict[str, Any]

KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
WORDS = {
    "created": "created", "removed": "removed", "column_added": "column added", "column_removed": "column removed",
    "type_changed": "type", "nullability_changed": "nullability", "key_added": "key added",
    "key_removed": "key removed", "rule_added": "rule added", "rule_removed": "rule removed", "rule_changed": "rule",
    "setting_changed": "setting",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One difference between two versions, in the columns of the landing table ``schema_changes``."""

    column_name: str
    change_type: ChangeType
    detail: str = ""
    old_value: str = ""
    new_value: str = ""


def contract_definition(contract: Contract) -> Definition:
    """Return everything of a contract that determines the checks, and its owner; descriptions do not count.

    A mapping of JSON values with sorted keys: the same contract gives the same text in every process. Names that dbt
    generates for tests are left out, since they change with the arguments.
    """
    sampling = contract.sampling
    return {
        "columns": {
            column.name: {
                "data_type": column.data_type,
                "is_nullable": column.is_nullable,
                "is_required": column.is_required,
            }
            for column in sorted(contract.columns, key=lambda column: column.name)
        },
        "keys": _keys(contract.keys),
        "rules": sorted((rule_definition(rule) for rule in contract.rules), key=_canonical),
        "settings": {
            "example_columns": list(contract.example_columns or ()),
            "filter": contract.row_filter or "",
            "include_sample_data": contract.include_sample_data,
            "incremental": contract.incremental,
            "mode": contract.mode,
            "owner": contract.owner,
            "payload": contract.payload,
            "sample": f"{sampling.method} {sampling.rows} rows" if sampling else "",
            "timestamp_column": contract.timestamp_column,
            "unexpected": contract.unexpected,
            "version": contract.version,
        },
    }


def rule_definition(rule: Rule) -> Definition:
    """Return one rule as a mapping of JSON values."""
    arguments = {key: _plain(value) for key, value in sorted(rule.arguments.items())}
    if rule.kind == "accepted_values" and isinstance(arguments.get("values"), list):
        arguments["values"] = sorted(arguments["values"], key=_canonical)
    return {
        "arguments": arguments,
        "columns": list(rule.columns),
        "kind": rule.kind,
        "name": rule.name if rule.kind == "expression" and not rule.name.startswith("test.") else "",
        "severity": rule.severity,
        "where": rule.where or "",
    }


def table_definition(observed: ObservedTable) -> Definition:
    """Return columns, keys and kind of a real table. Order of columns does not count; a missing table has no kind."""
    return {
        "columns": {
            column.name: {"data_type": column.data_type, "is_nullable": column.is_nullable}
            for column in sorted(observed.columns, key=lambda column: column.name)
        },
        "keys": _keys(observed.unique_keys),
        "rules": [],
        "settings": {"kind": KINDS.get(observed.kind or "", observed.kind or "")},
    }


def definition_text(definition: Definition) -> str:
    """Return a definition as JSON with sorted keys, as it is stored."""
    return _canonical(definition)


def definition_hash(definition: Definition) -> str:
    """Return the hash of a definition: 32 hex digits, the same in every process."""
    return hashlib.md5(_canonical(definition).encode(), usedforsecurity=False).hexdigest()


def changes(subject: Subject, old: Definition | None, new: Definition | None) -> tuple[Change, ...]:
    """Return the changes between two versions of a contract or table, in the order columns, keys, rules, settings.

    None, and the definition of a missing table, mean that there is no version. Equal versions give no change.
    """
    before, after = _present(old), _present(new)
    if before is None:
        return () if after is None else (Change("", "created", new_value=_summary(subject, after)),)
    if after is None:
        return (Change("", "removed", old_value=_summary(subject, before)),)
    return (
        *_column_changes(before["columns"], after["columns"]),
        *_key_changes(before["keys"], after["keys"]),
        *_rule_changes(before, after),
        *_setting_changes(before["settings"], after["settings"]),
    )


def rule_label(rule: Mapping[str, Any]) -> str:
    """Return a short label of a rule: its own name, or its kind and columns."""
    return str(rule["name"] or f"{rule['kind']} {', '.join(rule['columns'])}".strip())


def rule_text(rule: Mapping[str, Any]) -> str:
    """Return arguments, severity and filter of a rule on one line."""
    parts = []
    for key, value in rule["arguments"].items():
        # Quoting of texts, and limits that are allowed themselves (strict is false), are the default.
        if key == "quote" or value is None or value is False:
            continue
        parts.append(key if value is True else f"{key} {_value_text(value)}")
    parts.append(str(rule["severity"]))
    if rule["where"]:
        parts.append(f"where {rule['where']}")
    return ", ".join(parts)


def pair_rules(
    old: Sequence[Definition], new: Sequence[Definition]
) -> Iterator[tuple[Definition | None, Definition | None]]:
    """Yield pairs of rules of two versions about the same thing; None in place of a rule without a counterpart.

    Equal rules pair first, then those of one name, then those of one kind on the same columns.
    """
    before, after = list(old), list(new)
    for identity in (_canonical, _kind_columns_and_name, _kind_and_columns):
        for rule in list(before):
            other = next((candidate for candidate in after if identity(candidate) == identity(rule)), None)
            if other is not None:
                before.remove(rule)
                after.remove(other)
                yield rule, other
    yield from ((rule, None) for rule in before)
    yield from ((None, rule) for rule in after)


def is_redundant(rule: Definition | None, definition: Definition) -> bool:
    """Return whether a rule without a counterpart only repeats the nullability of its column, or a key."""
    if rule is None or rule["where"]:
        return False
    if rule["kind"] == "not_null":
        return not definition["columns"].get(rule["columns"][0], {"is_nullable": True})["is_nullable"]
    return rule["kind"] == "unique" and sorted(rule["columns"]) in definition["keys"]


def rule_change(before: Definition | None, after: Definition | None) -> Change:
    """Return the change from one rule to another; None for a rule that was added or removed, but not for both."""
    rule = after or before or {}
    change_type: ChangeType = "rule_added" if after else "rule_removed"
    if before and after:
        change_type = "rule_changed"
    return Change(
        rule["columns"][0] if len(rule["columns"]) == 1 else "",
        change_type,
        rule_label(rule),
        rule_text(before) if before else "",
        rule_text(after) if after else "",
    )


def _column_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before is None:
            yield Change(name, "column_added", new_value=_column_text(new[name]))
        elif after is None:
            yield Change(name, "column_removed", old_value=_column_text(before))
        else:
            if before["data_type"] != after["data_type"]:
                yield Change(name, "type_changed", "", before["data_type"], after["data_type"])
            if before["is_nullable"] != after["is_nullable"]:
                yield Change(name, "nullability_changed", "", _nullability(before), _nullability(after))
            was_required, is_required = before.get("is_required"), after.get("is_required")
            if was_required != is_required:
                yield Change(name, "setting_changed", "required", _value_text(was_required), _value_text(is_required))


def _key_changes(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> Iterator[Change]:
    before, after = {tuple(key) for key in old}, {tuple(key) for key in new}
    for key in sorted(before ^ after):
        text = ", ".join(key)
        column = key[0] if len(key) == 1 else ""
        if key in before:
            yield Change(column, "key_removed", text, old_value=text)
        else:
            yield Change(column, "key_added", text, new_value=text)


def _rule_changes(old: Definition, new: Definition) -> Iterator[Change]:
    found = []
    for before, after in pair_rules(old["rules"], new["rules"]):
        is_alone = before is None or after is None
        if before == after or (is_alone and (is_redundant(before, old) or is_redundant(after, new))):
            continue
        found.append(rule_change(before, after))
    yield from sorted(found, key=lambda change: (change.column_name, change.detail, change.change_type))


def _setting_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Change("", "setting_changed", name, _value_text(old.get(name)), _value_text(new.get(name)))


def _present(definition: Definition | None) -> Definition | None:
    """Return a definition as JSON reads it back, so that a stored and a fresh one compare equal; None for no table."""
    if definition is None or definition["settings"].get("kind") == "":
        return None
    parsed: Definition = json.loads(_canonical(definition))
    return parsed


def _summary(subject: Subject, definition: Definition) -> str:
    counts = [(len(definition["columns"]), "column"), (len(definition["keys"]), "key")]
    if subject == "contract":
        counts.append((len(definition["rules"]), "rule"))
    return ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts)


def _column_text(column: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (column["data_type"], "" if column["is_nullable"] else "not null")))


def _nullability(column: Mapping[str, Any]) -> str:
    return "nullable" if column["is_nullable"] else "not null"


def _kind_columns_and_name(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    return rule["kind"], tuple(rule["columns"]), rule["name"]


def _kind_and_columns(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    return rule["kind"], tuple(rule["columns"])


def _keys(keys: Iterable[Iterable[str]]) -> list[list[str]]:
    return [list(key) for key in sorted({tuple(sorted(key)) for key in keys})]


def _plain(value: Any) -> Any:
    """Return a value of an argument as a JSON value; dates and decimals, which YAML and dbt may give, become texts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)


def _value_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value_text, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
