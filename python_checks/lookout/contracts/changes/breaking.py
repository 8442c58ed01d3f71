"""Judgement of a change of a contract: breaking, risky or safe for those who read the table. Pure.

A consumer may rely on everything in the old contract. A contract that guarantees less is risky when queries still run
and only their results may change; it is breaking when they fail, lose rows or count them twice. A contract that
guarantees more is safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lookout.contracts.changes.rule_comparison import compare_arguments, compare_rules
from lookout.contracts.changes.type_changes import type_change
from lookout.contracts.changes.versions import Change, Definition, is_redundant, pair_rules, rule_change

Level = Literal["breaking", "risky", "safe"]

LEVELS: tuple[Level, ...] = ("breaking", "risky", "safe")
NULLS = "Nulls may arrive: joins and comparisons lose rows."
DUPLICATES = "Duplicates may arrive: joins on the key multiply rows."
UNEXPECTED = ("ignore", "warn", "fail")
TYPE_LEVELS: dict[str, tuple[Level, str]] = {
    "same": ("safe", "The same type in other words."),
    "more_precise": ("safe", "The type is promised more precisely."),
    "less_precise": ("risky", "The type is promised less precisely, so other types may arrive."),
    "wider": ("risky", "Values may arrive that did not fit the old type."),
    "narrower": ("breaking", "Values that used to arrive are cut, rounded or refused."),
    "incompatible": ("breaking", "Values cannot be read as the old type any more."),
}


@dataclass(frozen=True)
class Judgement:
    """One change, its level for consumers, and the reason in one sentence."""

    level: Level
    change: Change
    reason: str


@dataclass(frozen=True)
class ConsumerRule:
    """A rule in the contract of a consumer, about a column of the same name; ``name`` is that of the consumer."""

    name: str
    rule: Definition


def judge_changes(
    found: Iterable[Change], old: Definition, new: Definition, consumer_rules: Sequence[ConsumerRule] = ()
) -> tuple[Judgement, ...]:
    """Judge the changes between two definitions of one contract, the worst first.

    Changes that merely follow from another one are left out: keys and rules of a removed column, and severities of
    rules when the mode changed.
    """
    changes = list(found)
    removed = {change.column_name for change in changes if change.change_type == "column_removed"}
    modes = {change.detail: change for change in changes if change.change_type == "setting_changed"}
    judged = []
    for change in changes:
        if change.change_type in ("key_removed", "key_added"):
            if not removed & set(change.detail.split(", ")):
                judged.append(_judge_key(change, old, new))
        elif not change.change_type.startswith("rule_"):
            judged.append(_judge_plain(change, old, new))
    for before, after in pair_rules(old["rules"], new["rules"]):
        judgement = _judge_rule(before, after, old, new, consumer_rules, is_mode_changed="mode" in modes)
        if judgement is not None and not removed & set((before or after or {})["columns"]):
            judged.append(judgement)
    return tuple(sorted(judged, key=_order))


def _order(judgement: Judgement) -> tuple[int, str, str]:
    return LEVELS.index(judgement.level), judgement.change.column_name, judgement.change.detail


def _judge_plain(change: Change, old: Definition, new: Definition) -> Judgement:
    level, reason = _MEANINGS[change.change_type](change, old, new)
    return Judgement(level, change, reason)


def _judge_column_removed(change: Change, old: Definition, new: Definition) -> tuple[Level, str]:
    if not old["columns"][change.column_name]["is_required"]:
        return "risky", "It was promised as optional; it is not promised at all any more."
    return "breaking", "Queries that name the column fail."


def _judge_type(change: Change, old: Definition, new: Definition) -> tuple[Level, str]:
    return TYPE_LEVELS[type_change(change.old_value, change.new_value)]


def _judge_nullability(change: Change, old: Definition, new: Definition) -> tuple[Level, str]:
    if change.new_value == "not null":
        return "safe", "Nulls do not arrive any more."
    if _is_not_null(change.column_name, new):
        return "safe", "A not_null rule still forbids nulls."
    return "breaking", NULLS


def _judge_setting(change: Change, old: Definition, new: Definition) -> tuple[Level, str]:
    if change.column_name:
        if change.new_value == "true":
            return "safe", "The column is always there now."
        return "breaking", "The column may be missing: queries that name it fail."
    judge = _SETTINGS.get(change.detail)
    return judge(change) if judge else ("safe", "Does not change what is promised.")


def _judge_mode(change: Change) -> tuple[Level, str]:
    if change.new_value == "lenient":
        return "risky", "Bad data is not held back any more."
    return "safe", "Bad data is held back."


def _judge_unexpected(change: Change) -> tuple[Level, str]:
    if UNEXPECTED.index(change.new_value) < UNEXPECTED.index(change.old_value):
        return "risky", "Columns that nobody promised are taken more lightly."
    return "safe", "Columns that nobody promised are taken more seriously."


def _judge_sample(change: Change) -> tuple[Level, str]:
    if change.new_value:
        return "risky", "Only a sample of the rows is checked."
    return "safe", "All rows are checked."


def _judge_filter(change: Change) -> tuple[Level, str]:
    if not change.new_value:
        return "safe", "The rules hold for all rows."
    return "risky", "The rules hold for other rows than before."


_SETTINGS: dict[str, Callable[[Change], tuple[Level, str]]] = {
    "mode": _judge_mode,
    "unexpected": _judge_unexpected,
    "sample": _judge_sample,
    "filter": _judge_filter,
    "payload": lambda _: ("breaking", "The fields are in another place."),
}
_MEANINGS: dict[str, Callable[[Change, Definition, Definition], tuple[Level, str]]] = {
    "created": lambda *_: ("safe", "A table that nobody promised anything about has a contract."),
    "removed": lambda *_: ("breaking", "Nothing is promised any more."),
    "column_added": lambda *_: ("safe", "One more column is promised."),
    "column_removed": _judge_column_removed,
    "type_changed": _judge_type,
    "nullability_changed": _judge_nullability,
    "setting_changed": _judge_setting,
}


def _judge_key(change: Change, old: Definition, new: Definition) -> Judgement:
    if change.change_type == "key_added":
        return Judgement("safe", change, "Rows are promised to be unique.")
    if any(set(key) <= set(change.detail.split(", ")) for key in _unique_columns(new)):
        return Judgement("safe", change, "Another key still implies it.")
    return Judgement("breaking", change, DUPLICATES)


def _judge_rule(
    before: Definition | None,
    after: Definition | None,
    old: Definition,
    new: Definition,
    consumer_rules: Sequence[ConsumerRule],
    *,
    is_mode_changed: bool,
) -> Judgement | None:
    rule = after or before
    assert rule is not None
    if before is not None and after is not None:
        direction = compare_rules(before, after)
        is_only_severity = {**before, "severity": ""} == {**after, "severity": ""}
        if before == after or (is_only_severity and is_mode_changed):
            return None
    else:
        if is_redundant(before, old) or is_redundant(after, new):
            return None
        direction = "looser" if after is None else "tighter"
    change = rule_change(before, after)
    if direction in ("same", "tighter"):
        return Judgement("safe", change, "More is promised." if direction == "tighter" else "Means the same.")
    if after is None and rule["kind"] in ("not_null", "unique") and not rule["where"]:
        return _judge_structural(change, rule, new)
    relying = [
        consumer_rule.name for consumer_rule in consumer_rules if _is_relied_on(consumer_rule.rule, before, after)
    ]
    if relying:
        names = ", ".join(dict.fromkeys(relying))
        return Judgement("breaking", change, f"{names} promises the same of its own column and cannot keep it.")
    if after is None:
        return Judgement("risky", change, "The rule does not hold any more.")
    if before is not None and compare_arguments(before, after) == "same" and before["where"] == after["where"]:
        return Judgement("risky", change, "Breaking the rule is taken more lightly.")
    return Judgement("risky", change, "Rows may arrive that were ruled out before.")


def _judge_structural(change: Change, rule: Definition, new: Definition) -> Judgement | None:
    """Judge the removal of a not_null or unique rule; None when the rest of the contract still implies the rule."""
    if rule["kind"] == "not_null":
        if _is_not_null(rule["columns"][0], new):
            return None
        return Judgement("breaking", change, NULLS)
    if any(set(key) <= set(rule["columns"]) for key in _unique_columns(new)):
        return None
    return Judgement("breaking", change, DUPLICATES)


def _is_relied_on(consumer_rule: Definition, before: Definition | None, after: Definition | None) -> bool:
    """Return whether a consumer's rule follows from the old rule and not from the new one."""
    if before is None or consumer_rule["kind"] != before["kind"] or consumer_rule["columns"] != before["columns"]:
        return False
    return _implies(before, consumer_rule) and not (after is not None and _implies(after, consumer_rule))


def _implies(rule: Definition, implied: Definition) -> bool:
    if rule["where"] and rule["where"] != implied["where"]:
        return False
    return compare_arguments(rule, implied) in ("same", "looser")


def _is_not_null(column: str, definition: Definition) -> bool:
    rules = [rule for rule in definition["rules"] if rule["kind"] == "not_null" and not rule["where"]]
    declared = definition["columns"].get(column)
    return (declared is not None and not declared["is_nullable"]) or any(column in rule["columns"] for rule in rules)


def _unique_columns(definition: Definition) -> list[list[str]]:
    rules = [rule for rule in definition["rules"] if rule["kind"] == "unique" and not rule["where"]]
    return [*definition["keys"], *(rule["columns"] for rule in rules)]


def rename_columns(definition: Definition, renamed: Mapping[str, str]) -> Definition:
    """Return a definition in which columns have their new names, so that renames give no further changes."""

    def new_names(columns: Iterable[str]) -> list[str]:
        return [renamed.get(name, name) for name in columns]

    return {
        **definition,
        "columns": {renamed.get(name, name): column for name, column in definition["columns"].items()},
        "keys": sorted(sorted(new_names(key)) for key in definition["keys"]),
        "rules": [{**rule, "columns": new_names(rule["columns"])} for rule in definition["rules"]],
    }
