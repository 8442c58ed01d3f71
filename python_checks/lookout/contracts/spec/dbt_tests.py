"""dbt's generic tests as rules of a contract, where a rule means the same; the other tests only dbt can run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lookout.contracts.spec.rules import RuleCollector, RuleContext, plain_name
from lookout.project.declarations.monitor import Severity
from lookout.project.declarations.nodes import tested_node

Arguments = Mapping[str, Any]
# Kind, columns and arguments of each rule that one test becomes.
ParsedRules = list[tuple[Any, tuple[str, ...], dict[str, Any]]]
UNCONDITIONAL = "!= 0"


def tests_by_node(manifest: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the generic tests of a manifest by the unique id of the node that they test."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for node_id, node in sorted((manifest.get("nodes") or {}).items()):
        if node.get("resource_type") == "test" and node.get("test_metadata"):
            found.setdefault(tested_node(node, manifest), []).append({**node, "unique_id": node_id})
    return found


def read_tests(collector: RuleCollector, context: RuleContext, tests: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Add the rules of the tests of one node; return the unique ids of the tests that no rule can express."""
    return tuple(str(test["unique_id"]) for test in tests if not _add_test(collector, context, test))


def _add_test(collector: RuleCollector, context: RuleContext, test: Mapping[str, Any]) -> bool:
    """Add the rules of one test; return whether there was one."""
    metadata, config = test["test_metadata"], test.get("config") or {}
    read = READERS.get((metadata.get("namespace") or "", str(metadata.get("name"))))
    arguments = {key: value for key, value in (metadata.get("kwargs") or {}).items() if key != "model"}
    where = config.get("where") or None
    is_conditional = any(config.get(key) not in (None, UNCONDITIONAL) for key in ("warn_if", "error_if"))
    has_own_count = config.get("fail_calc") not in (None, "count(*)")
    has_jinja = "{{" in str(where) or "{{" in str(arguments) or "{%" in str(arguments)
    if read is None or is_conditional or has_own_count or has_jinja:
        return False
    row_condition = arguments.get("row_condition")
    if where and row_condition:
        where = f"({where}) and ({row_condition})"
    parsed_rules = read(context, arguments, test)
    for number, (kind, columns, details) in enumerate(parsed_rules):
        # Names of rules are unique, so only the first rule has the name of the test.
        name = "" if number else str(test["unique_id"])
        collector.add_rule(kind, columns, details, test=name, severity=_severity(test), where=where or row_condition)
    return bool(parsed_rules)


def _severity(test: Mapping[str, Any]) -> Severity | None:
    """Return the severity set on the test; None for dbt's default, so that the contract's severity applies."""
    severity = str((test.get("config") or {}).get("severity") or "").lower()
    if severity == "warn":
        return "warning"
    return "critical" if "severity" in (test.get("unrendered_config") or {}) else None


def _column(arguments: Arguments) -> tuple[str, ...]:
    return (plain_name(str(arguments.get("column_name") or "")),)


def _not_null(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    return [("not_null", _column(arguments), {})]


def _unique(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    return [("unique", _column(arguments), {})]


def _accepted_values(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    values = {"values": list(arguments.get("values") or ()), "quote": arguments.get("quote") is not False}
    return [("accepted_values", _column(arguments), values)]


def _in_set(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    """Return the set and not_null: unlike dbt's accepted_values, this test fails for a null."""
    values = {"values": list(arguments.get("value_set") or ()), "quote": arguments.get("quote_values") is not False}
    return [("accepted_values", _column(arguments), values), ("not_null", _column(arguments), {})]


def _relationship(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    parent = context.parent(str(arguments.get("to") or ""), (test.get("depends_on") or {}).get("nodes"))
    if parent is None or not arguments.get("field"):
        return []
    details = {"schema": parent[0], "table": parent[1], "column": plain_name(str(arguments["field"]))}
    return [("relationship", _column(arguments), details)]


def _between(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    return _range(arguments, bool(arguments.get("strictly")))


def _accepted_range(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    return _range(arguments, arguments.get("inclusive") is False)


def _range(arguments: Arguments, strict: bool) -> ParsedRules:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    if low is None and high is None:
        return []
    if not isinstance(low, str) and not isinstance(high, str):
        return [("range", _column(arguments), {"min": low, "max": high, "strict": strict})]
    # A limit given as text is SQL: another column, or a date.
    name, equals = arguments["column_name"], "" if strict else "="
    limits = [f"{name} {sign}{equals} {limit}" for sign, limit in ((">", low), ("<", high)) if limit is not None]
    return [("expression", _column(arguments), {"sql": " and ".join(limits)})]


def _length(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    low, high, step = arguments.get("min_value"), arguments.get("max_value"), int(bool(arguments.get("strictly")))
    if (low is None and high is None) or isinstance(low, str) or isinstance(high, str):
        return []
    limits = {"min": None if low is None else low + step, "max": None if high is None else high - step}
    return [("length", _column(arguments), limits)]


def _pattern(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    if not arguments.get("regex") or arguments.get("flags"):
        return []
    return [("pattern", _column(arguments), {"regex": str(arguments["regex"])})]


def _expression(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    expression, column = str(arguments.get("expression") or ""), arguments.get("column_name")
    if not expression:
        return []
    if column:
        return [("expression", _column(arguments), {"sql": f"{column} {expression}"})]
    return [("expression", (), {"sql": expression})]


def _combination(context: RuleContext, arguments: Arguments, test: Mapping[str, Any]) -> ParsedRules:
    columns = tuple(plain_name(str(name)) for name in arguments.get("combination_of_columns") or ())
    return [("unique", columns, {})] if columns else []


READERS: dict[tuple[str, str], Callable[[RuleContext, Arguments, Mapping[str, Any]], ParsedRules]] = {
    ("", "not_null"): _not_null,
    ("", "unique"): _unique,
    ("", "accepted_values"): _accepted_values,
    ("", "relationships"): _relationship,
    ("dbt_utils", "accepted_range"): _accepted_range,
    ("dbt_utils", "expression_is_true"): _expression,
    ("dbt_utils", "unique_combination_of_columns"): _combination,
    ("dbt_expectations", "expect_column_values_to_not_be_null"): _not_null,
    ("dbt_expectations", "expect_column_values_to_be_unique"): _unique,
    ("dbt_expectations", "expect_column_values_to_be_in_set"): _in_set,
    ("dbt_expectations", "expect_column_values_to_be_between"): _between,
    ("dbt_expectations", "expect_column_value_lengths_to_be_between"): _length,
    ("dbt_expectations", "expect_column_values_to_match_regex"): _pattern,
}
