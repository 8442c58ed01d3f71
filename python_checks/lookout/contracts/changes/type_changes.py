"""The meaning of a change of a declared type for consumers that read the values as before. Pure."""

from __future__ import annotations

from typing import Literal

from lookout.contracts.spec.model import ObservedColumn
from lookout.contracts.spec.types import FAMILY, TypeName, compatible, parse_type

TypeChange = Literal["same", "more_precise", "less_precise", "wider", "narrower", "incompatible"]

# Words that mean any of several types.
WORDS = ("string", "float", "number", "datetime", "object", "array")
# Families in which less room means that values are cut, rounded or refused.
SIZED = ("integer", "number", "text", "timestamp", "time")
# With and without a time zone: nothing is cut, the values mean something else.
ZONES = ({"timestamp", "timestamptz"}, {"time", "timetz"})


def type_change(old: str, new: str) -> TypeChange:
    """Classify the change of a declared type; both are texts as YAML spells them, empty for no type.

    A word such as ``string`` and one of its types differ in precision only. Between two types, ``wider`` means that the
    new one holds every value of the old one, ``narrower`` that it is of the same family and does not.
    """
    if not old and not new:
        return "same"
    if not old or not new:
        return "more_precise" if new else "less_precise"
    before, after = parse_type(old), parse_type(new)
    families = FAMILY.get(before.name, before.name), FAMILY.get(after.name, after.name)
    was_word, is_word = _is_word(before), _is_word(after)
    if before == after or (was_word and is_word and families[0] == families[1]):
        return "same"
    holds_new, holds_old = _holds(old, new), _holds(new, old)
    if (was_word or is_word) and holds_new and not is_word:
        return "more_precise"
    if was_word or is_word:
        return "less_precise" if holds_old else "incompatible"
    if holds_new and holds_old:
        return "same"
    if holds_old:
        return "wider"
    is_one_family = before.is_array == after.is_array and (
        families[0] == families[1] or {*families} <= {"integer", "number"}
    )
    if is_one_family and families[0] in SIZED and {before.name, after.name} not in ZONES:
        return "narrower"
    return "more_precise" if holds_new else "incompatible"


def _is_word(type_name: TypeName) -> bool:
    return type_name.name in WORDS and not type_name.is_array


def _holds(declared: str, real: str) -> bool:
    return compatible(declared, ObservedColumn("", real, parse_type(real).name, True))
