"""Comparison of two versions of one rule: whether the new one is tighter or looser. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from lookout.contracts.changes.versions import Definition

Direction = Literal["same", "tighter", "looser", "other"]


def compare_rules(old: Definition, new: Definition) -> Direction:
    """Return whether a rule of the same kind allows less (tighter), more (looser) or other rows than before."""
    return _combine(
        [compare_arguments(old, new), _compare_where(old["where"], new["where"]), _compare_severity(old, new)]
    )


def compare_arguments(old: Definition, new: Definition) -> Direction:
    """Return whether the arguments of a rule of the same kind allow less, more or other values than before."""
    before, after = old["arguments"], new["arguments"]
    if before == after:
        return "same"
    if old["kind"] == "accepted_values":
        return _compare_values(before.get("values") or (), after.get("values") or ())
    if old["kind"] in ("range", "length"):
        return _combine([_compare_bound(before, after, "min", -1), _compare_bound(before, after, "max", 1)])
    if old["kind"] == "precision":
        return _compare_bound({"max": before.get("digits")}, {"max": after.get("digits")}, "max", 1)
    return "other"


def _compare_values(old: Iterable[Any], new: Iterable[Any]) -> Direction:
    was, now = set(map(str, old)), set(map(str, new))
    if was == now:
        return "same"
    if now < was:
        return "tighter"
    return "looser" if now > was else "other"


def _compare_bound(old: Mapping[str, Any], new: Mapping[str, Any], side: str, sign: int) -> Direction:
    was, now = _bound(old.get(side)), _bound(new.get(side))
    strict_was, strict_now = bool(old.get("strict")), bool(new.get("strict"))
    if was is None and now is None:
        return "same"
    if was is None or now is None:
        return "tighter" if was is None else "looser"
    if was == now and strict_was == strict_now:
        return "same"
    if was == now:
        return "tighter" if strict_now else "looser"
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
    if not old:
        return "looser"
    return "tighter" if not new else "other"


def _compare_severity(old: Definition, new: Definition) -> Direction:
    if old["severity"] == new["severity"]:
        return "same"
    return "tighter" if new["severity"] == "critical" else "looser"


def _combine(directions: Iterable[Direction]) -> Direction:
    found = {direction for direction in directions if direction != "same"}
    if not found:
        return "same"
    return found.pop() if len(found) == 1 else "other"
