"""What a change of a contract means to those who read the table: breaking, risky or safe. Pure.

Judged from the consumer's side: whatever could be relied on before must still hold. Promising less is risky when
queries go on running and only their results may surprise; it is breaking when they fail, lose rows or count them
twice. Promising more is safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from lookout.contracts.changes.type_changes import type_change
from lookout.contracts.changes.versions import Change, Definition, is_said_elsewhere, pair_rules, rule_change

Level = Literal["breaking", "risky", "safe"]
Direction = Literal["same", "tighter", "looser", "other"]

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
    """One change, what it means to consumers, and why in one sentence."""

    level: Level
    change: Change
    reason: str


@dataclass(frozen=True)
class Promise:
    """A rule that the contract of a consumer makes about a column of the same name."""

    name: str
    rule: Definition


def judge_changes(
    found: Iterable[Change], old: Definition, new: Definition, promises: Sequence[Promise] = ()
) -> tuple[Judgement, ...]:
    """Judge the changes between two definitions of one contract, the worst first.

    A column that goes takes its keys and rules along, and a change of mode the severities of all rules: what merely
    follows from another change is left out.
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
        judgement = _judge_rule(before, after, old, new, promises, is_mode_changed="mode" in modes)
        if judgement is not None and not removed & set((before or after or {})["columns"]):
            judged.append(judgement)
    return tuple(sorted(judged, key=lambda one: (LEVELS.index(one.level), one.change.column_name, one.change.detail)))


def compare_rules(old: Definition, new: Definition) -> Direction:
    """Whether a rule of the same kind allows less (tighter), more (looser) or other rows than before."""
    return _together([_compare_arguments(old, new), _compare_where(old["where"], new["where"]), _severity(old, new)])


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
    if any(set(key) <= set(change.detail.split(", ")) for key in _keys(new)):
        return Judgement("safe", change, "Another key still implies it.")
    return Judgement("breaking", change, DUPLICATES)


def _judge_rule(
    before: Definition | None,
    after: Definition | None,
    old: Definition,
    new: Definition,
    promises: Sequence[Promise],
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
        if is_said_elsewhere(before, old) or is_said_elsewhere(after, new):
            return None
        direction = "looser" if after is None else "tighter"
    change = rule_change(before, after)
    if direction in ("same", "tighter"):
        return Judgement("safe", change, "More is promised." if direction == "tighter" else "Means the same.")
    if after is None and rule["kind"] in ("not_null", "unique") and not rule["where"]:
        return _judge_structural(change, rule, new)
    relying = [promise.name for promise in promises if _relied_on(promise.rule, before, after)]
    if relying:
        names = ", ".join(dict.fromkeys(relying))
        return Judgement("breaking", change, f"{names} promises the same of its own column and cannot keep it.")
    if after is None:
        return Judgement("risky", change, "The rule does not hold any more.")
    if before is not None and _compare_arguments(before, after) == "same" and before["where"] == after["where"]:
        return Judgement("risky", change, "Breaking the rule is taken more lightly.")
    return Judgement("risky", change, "Rows may arrive that were ruled out before.")


def _judge_structural(change: Change, rule: Definition, new: Definition) -> Judgement | None:
    """A not_null or unique rule that goes: what counts is whether the promise is still made somewhere else."""
    if rule["kind"] == "not_null":
        if _is_not_null(rule["columns"][0], new):
            return None
        return Judgement("breaking", change, NULLS)
    if any(set(key) <= set(rule["columns"]) for key in _keys(new)):
        return None
    return Judgement("breaking", change, DUPLICATES)


def _relied_on(promised: Definition, before: Definition | None, after: Definition | None) -> bool:
    """Whether a consumer's rule followed from the old rule and does not follow from the new one."""
    if before is None or promised["kind"] != before["kind"] or promised["columns"] != before["columns"]:
        return False
    return _implies(before, promised) and not (after is not None and _implies(after, promised))


def _implies(one: Definition, other: Definition) -> bool:
    if one["where"] and one["where"] != other["where"]:
        return False
    return _compare_arguments(one, other) in ("same", "looser")


def _is_not_null(column: str, definition: Definition) -> bool:
    rules = [rule for rule in definition["rules"] if rule["kind"] == "not_null" and not rule["where"]]
    promised = definition["columns"].get(column)
    return (promised is not None and not promised["is_nullable"]) or any(column in rule["columns"] for rule in rules)


def _keys(definition: Definition) -> list[list[str]]:
    rules = [rule for rule in definition["rules"] if rule["kind"] == "unique" and not rule["where"]]
    return [*definition["keys"], *(rule["columns"] for rule in rules)]


def _compare_arguments(old: Definition, new: Definition) -> Direction:
    before, after = old["arguments"], new["arguments"]
    if before == after:
        return "same"
    if old["kind"] == "accepted_values":
        was, now = ({str(value) for value in given.get("values") or ()} for given in (before, after))
        return "same" if was == now else "tighter" if now < was else "looser" if now > was else "other"
    if old["kind"] in ("range", "length"):
        return _together([_compare_bound(before, after, "min", -1), _compare_bound(before, after, "max", 1)])
    if old["kind"] == "precision":
        return _compare_bound({"max": before.get("digits")}, {"max": after.get("digits")}, "max", 1)
    return "other"


def _compare_bound(old: Mapping[str, Any], new: Mapping[str, Any], side: str, sign: int) -> Direction:
    was, now = _bound(old.get(side)), _bound(new.get(side))
    strict_was, strict_now = bool(old.get("strict")), bool(new.get("strict"))
    if was is None or now is None:
        return "same" if was == now else "tighter" if was is None else "looser"
    if was == now:
        return "same" if strict_was == strict_now else "tighter" if strict_now else "looser"
    if isinstance(was, str) or isinstance(now, str):
        if not (isinstance(was, str) and isinstance(now, str)):
            return "other"
        return "looser" if (now > was) == (sign > 0) else "tighter"
    return "looser" if (now - was) * sign > 0 else "tighter"


def _bound(value: Any) -> Decimal | str | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return number if number.is_finite() else str(value)


def _compare_where(old: str, new: str) -> Direction:
    if old == new:
        return "same"
    return "looser" if not old else "tighter" if not new else "other"


def _severity(old: Definition, new: Definition) -> Direction:
    if old["severity"] == new["severity"]:
        return "same"
    return "tighter" if new["severity"] == "critical" else "looser"


def _together(directions: Iterable[Direction]) -> Direction:
    found = {direction for direction in directions if direction != "same"}
    return "same" if not found else found.pop() if len(found) == 1 else "other"


def rename_columns(definition: Definition, renamed: Mapping[str, str]) -> Definition:
    """A definition in which columns have their new names, so that only what else changed is left to compare."""

    def names(given: Iterable[str]) -> list[str]:
        return [renamed.get(name, name) for name in given]

    return {
        **definition,
        "columns": {renamed.get(name, name): column for name, column in definition["columns"].items()},
        "keys": sorted(sorted(names(key)) for key in definition["keys"]),
        "rules": [{**rule, "columns": names(rule["columns"])} for rule in definition["rules"]],
    }
