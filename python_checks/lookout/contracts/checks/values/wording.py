"""Texts of expected and actual values of rules, which hold no value of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lookout.contracts.spec.model import Rule
from lookout.plain import plain

MOST_VALUES = 20
FAULTS = {
    "not_null": "null",
    "unique": "repeated",
    "accepted_values": "another value",
    "range": "out of range",
    "length": "wrong length",
    "pattern": "no match",
    "precision": "more digits",
    "relationship": "no such row",
    "expression": "not true",
    "type": "another type",
}


def expected(rule: Rule) -> str:
    """Return the text of the condition of a rule, such as ``0 or more``."""
    text = _expected(rule)
    return f"{text} where {one_line(rule.where)}" if rule.where else text


def _expected(rule: Rule) -> str:
    arguments = rule.arguments
    if rule.kind == "not_null":
        return "not null"
    if rule.kind == "unique":
        return "unique" if len(rule.columns) == 1 else f"unique ({', '.join(rule.columns)})"
    if rule.kind == "accepted_values":
        values = [str(value) for value in arguments["values"]]
        more = f" and {len(values) - MOST_VALUES:,} more" if len(values) > MOST_VALUES else ""
        return f"{_count(len(values), 'one of 1 value', 'one of {} values')}: {', '.join(values[:MOST_VALUES])}{more}"
    if rule.kind == "range":
        return _range(arguments.get("min"), arguments.get("max"), bool(arguments.get("strict")))
    if rule.kind == "length":
        return _length(arguments.get("min"), arguments.get("max"))
    if rule.kind == "pattern":
        return f"matches {arguments['regex']}"
    if rule.kind == "precision":
        return f"at most {_count(int(arguments['digits']), '1 digit', '{} digits')} after the point"
    if rule.kind == "relationship":
        return f"a row of {arguments['schema']}.{arguments['table']} with this {arguments['column']}"
    if rule.kind == "expression":
        return one_line(arguments["sql"])
    return str(arguments.get("data_type", ""))


def actual(fault: str, failing: int, checked: int, samples: Sequence[str] = ()) -> str:
    """Return the text of the failing rows, such as ``null in 3 of 1,000 rows (0.3 %)``."""
    shown = f", such as {', '.join(repr(sample) for sample in samples)}" if samples else ""
    return f"{fault} in {failing:,} of {_count(checked, '1 row', '{} rows')} ({_share(failing, checked)}){shown}"


def label(kind: str, name: str) -> str:
    """Return the name of a rule that a contract implies, such as ``type(total_amount)``."""
    return f"{kind}({name})"


def one_line(text: Any) -> str:
    """Return a text without line breaks."""
    return " ".join(plain(str(text)).split())


def _range(low: Any, high: Any, strict: bool) -> str:
    if low is None:
        return f"less than {high}" if strict else f"at most {high}"
    if high is None:
        return f"more than {low}" if strict else f"{low} or more"
    return f"more than {low} and less than {high}" if strict else f"{low} to {high}"


def _length(low: Any, high: Any) -> str:
    if low is None:
        return f"at most {_count(int(high), '1 character', '{} characters')}"
    if high is None:
        return f"at least {_count(int(low), '1 character', '{} characters')}"
    return f"{_count(int(high), '1 character', '{} characters')}" if low == high else f"{low} to {high} characters"


def _count(number: int, one: str, many: str) -> str:
    return one if number == 1 else many.format(f"{number:,}")


def _share(part: int, whole: int) -> str:
    if not whole:
        return "0 %"
    share = 100 * part / whole
    if part and share < 0.1:
        return "below 0.1 %"
    if part < whole and share > 99.9:
        return "above 99.9 %"
    return f"{share:.1f} %"
