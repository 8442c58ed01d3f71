"""The keys of ``meta.lookout`` and their values, and a reader that collects every mistake."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lookout.project.declarations.monitor import Kind

PERIODS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
LONGEST = timedelta(days=36_500)
KINDS: tuple[Kind, ...] = ("count", "rate", "positive", "real")


@dataclass(frozen=True)
class BuiltIn:
    """A metric that Lookout knows how to measure. ``kinds[0]`` is the default kind; others may be chosen instead."""

    kinds: tuple[Kind, ...]
    needs_column: bool


BUILT_IN: dict[str, BuiltIn] = {
    "row_count": BuiltIn(("count",), needs_column=False),
    "freshness": BuiltIn(("positive",), needs_column=False),
    "null_rate": BuiltIn(("rate",), needs_column=True),
    "zero_rate": BuiltIn(("rate",), needs_column=True),
    "negative_rate": BuiltIn(("rate",), needs_column=True),
    "distinct_count": BuiltIn(("count",), needs_column=True),
    "mean": BuiltIn(("real", "count", "rate", "positive"), needs_column=True),
    "min": BuiltIn(("real", "count", "rate", "positive"), needs_column=True),
    "max": BuiltIn(("real", "count", "rate", "positive"), needs_column=True),
    "sum": BuiltIn(("real", "count", "rate", "positive"), needs_column=True),
    "stddev": BuiltIn(("positive",), needs_column=True),
}
DEFAULT_METRICS = ("row_count", "freshness")

SETTING_KEYS = (
    "method", "direction", "sensitivity", "warn_score", "threshold", "critical_score", "alert_from", "lower_limit",
    "upper_limit", "min_absolute_change", "min_relative_change", "window", "min_sample_size",
)  # fmt: skip
METRIC_KEYS = ("name", "column", "kind", "expression", "description", "dimensions", *SETTING_KEYS)
# Location and owner of the table: other parts of Lookout read these too, so alone they watch nothing.
LOCATION_KEYS = ("connection", "schema", "table", "owner", "layer", "description")
WATCH_KEYS = (
    "timestamp_column", "grain", "metrics", "columns", "filter", "late_window", "history", "freshness", "defaults",
    "dimensions",
)  # fmt: skip
# Keys with readers of their own, which watch no table.
OTHER_KEYS = ("contract", "pipeline")
TABLE_KEYS = ("enabled", *LOCATION_KEYS, *WATCH_KEYS, *OTHER_KEYS)
COLUMN_KEYS = ("metrics", "contract")

CONTRACT_KEYS = (
    "mode", "version", "unexpected", "severity", "payload", "keys", "rules", "filter", "timestamp_column",
    "incremental", "sample", "examples", "include_sample_data", "tests",
)  # fmt: skip
RULE_KEYS = ("expression", "unique", "name", "severity", "where")
SAMPLE_KEYS = ("rows", "method")
COLUMN_CONTRACT_KEYS = (
    "required", "nullable", "unique", "min", "max", "strict", "accepted_values", "min_length", "max_length", "pattern",
    "precision", "severity", "where",
)  # fmt: skip

PIPELINE_KEYS = ("freshness", "timeliness", "mute")


def suggestion(word: object, allowed: Collection[str]) -> str:
    """Return ``did you mean 'x'?`` for a close match, else the list of what is allowed."""
    close = difflib.get_close_matches(str(word), list(allowed), n=1)
    return f"did you mean '{close[0]}'?" if close else f"use one of {', '.join(allowed)}."


class Reader:
    """Reader of the settings of one asset. Wrong values become None and leave one sentence in ``problems``."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[str] = []

    def wrong(self, text: str) -> None:
        """Record one sentence about this asset, on one line whatever names it quotes."""
        self.problems.append(" ".join(f"{self.where}: {text}".split()))

    def unknown_keys(self, settings: Mapping[Any, Any], allowed: Collection[str], inside: str = "") -> None:
        """Record every key that does not exist, with the nearest one that does."""
        for key in settings:
            if key not in allowed:
                self.wrong(f"unknown key '{key}'{f' in {inside}' if inside else ''}; {suggestion(key, allowed)}")

    def mapping(self, value: object, key: str) -> dict[str, Any]:
        """Read a mapping; empty when the key is absent."""
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return dict(value)
        self.wrong(f"{key} is {short_repr(value)}; it must be a mapping of keys to values.")
        return {}

    def text(self, value: object, key: str) -> str | None:
        """Read a non-empty string."""
        if value is None:
            return None
        if isinstance(value, str) and value.strip() and "\x00" not in value:
            return value
        self.wrong(f"{key} is {short_repr(value)}; it must be a non-empty text.")
        return None

    def names(self, value: object, key: str) -> tuple[str, ...]:
        """Read a list of different names; a single text is a list of one."""
        if value is None:
            return ()
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
            self.wrong(f"{key} is {short_repr(value)}; it must be a list of column names.")
            return ()
        for name in {name for name in names if names.count(name) > 1}:
            self.wrong(f"{key}: '{name}' stands there twice; remove one.")
        return tuple(dict.fromkeys(names))

    def choice(self, value: object, key: str, allowed: Collection[str]) -> str | None:
        """Read one of a few words."""
        if value is None or (isinstance(value, str) and value in allowed):
            return value
        self.wrong(f"{key} is {short_repr(value)}; {suggestion(value, allowed)}")
        return None

    def switch(self, value: object, key: str, default: bool) -> bool:
        """Read true or false."""
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        self.wrong(f"{key} is {short_repr(value)}; it must be true or false.")
        return default

    def number(
        self, value: object, key: str, *, least: float | None = None, above: float | None = None
    ) -> float | None:
        """Read a finite number, at least ``least`` or strictly above ``above``."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            self.wrong(f"{key} is {short_repr(value)}; it must be a number.")
            return None
        if least is not None and value < least:
            self.wrong(f"{key} is {short_repr(value)}; it must be {least:g} or more.")
            return None
        if above is not None and value <= above:
            self.wrong(f"{key} is {short_repr(value)}; it must be greater than {above:g}.")
            return None
        return float(value)

    def whole(self, value: object, key: str, *, least: int) -> int | None:
        """Read a whole number of at least ``least``."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(f"{key} is {short_repr(value)}; it must be a whole number.")
            return None
        if value < least:
            self.wrong(f"{key} is {short_repr(value)}; it must be {least} or more.")
            return None
        return value

    def duration(self, value: object, key: str, *, zero: bool = False) -> timedelta | None:
        """Read a length of time: ``3 days``, ``36 hours`` or ``{count: 3, period: day}``."""
        if value is None:
            return None
        length = parse_duration(value)
        if length is None:
            self.wrong(
                f"{key} is {short_repr(value)}; write it like '3 days', '36 hours' or {{count: 3, period: day}}."
            )
            return None
        if length < timedelta(0) or (length == timedelta(0) and not zero):
            self.wrong(f"{key} is {short_repr(value)}; it must be {'zero or longer' if zero else 'longer than zero'}.")
            return None
        return length


def parse_duration(value: object) -> timedelta | None:
    """Read ``3 days`` or dbt's ``{count: 3, period: day}``; None when it is neither, or longer than a century."""
    count: object = None
    period: object = None
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(-?\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]+)\s*", value)
        if match:
            count, period = float(match[1]), match[2]
    elif isinstance(value, Mapping) and set(value) == {"count", "period"}:
        count, period = value["count"], value["period"]
    if isinstance(count, bool) or not isinstance(count, (int, float)) or not isinstance(period, str):
        return None
    unit = PERIODS.get(period.lower().removesuffix("s"))
    if unit is None or not abs(count) * unit.total_seconds() <= LONGEST.total_seconds():
        return None
    return unit * count


def short_repr(value: object) -> str:
    """Return a value as it may appear in a sentence: short, on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
