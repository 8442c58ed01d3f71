"""Numbers, times and names as text in Markdown. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from lookout.project.declarations.grain import SHORT, UTC, wall_clock

MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING = "–"
_MARKUP = re.compile(r"([\\`*\[\]|])")
_EDGE_UNDERSCORE = re.compile(r"(?<!\w)_|_(?!\w)")


def cell(value: object) -> str:
    """Return text for a table cell: one line, with everything escaped that Markdown or HTML would read as markup."""
    if value is None or value == "":
        return NOTHING
    text = _MARKUP.sub(r"\\\1", " ".join(str(value).split()))
    text = _EDGE_UNDERSCORE.sub(r"\\_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(value: object) -> str:
    """Return a name in code style; pipes are escaped because GitHub splits table cells even inside code."""
    text = " ".join(str(value).split()).replace("`", "'").replace("|", r"\|")
    return f"`{text}`" if text else NOTHING


def number(value: float | None) -> str:
    """Return a number with two decimals from 1 up and three significant digits below: 1,291.29, 83.79, 12, 0.0042."""
    if value is None:
        return NOTHING
    size = abs(value)
    if size >= 100_000 or float(value).is_integer():
        return f"{value:,.0f}"
    if size >= 0.995:
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    text = f"{float(f'{value:.3g}'):.12f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def score(value: float | None) -> str:
    """Return a scorecard score out of 100 with one decimal."""
    return NOTHING if value is None else f"{value:.1f}"


def signed(value: float | None) -> str:
    """Return an anomaly score with its sign and two decimals."""
    return NOTHING if value is None else f"{value:+.2f}"


def duration(seconds: float | None) -> str:
    """Return a duration in the unit that alerts use for its size: 45 min, 26.5 h, 12 days."""
    if seconds is None:
        return NOTHING
    if abs(seconds) < 1.5 * HOUR:
        return f"{number(seconds / MINUTE)} min"
    if abs(seconds) < 2 * DAY:
        return f"{number(seconds / HOUR)} h"
    days = seconds / DAY
    if abs(days) >= 100:
        days = round(days)
    return f"{number(days)} days"


def amount(value: float | None, metric: str | None = None, kind: str | None = None) -> str:
    """Return a metric's value with its unit: rows, a duration, per cent, or a plain number in the metric's own unit."""
    if value is None:
        return NOTHING
    if metric == "freshness":
        return duration(value)
    if kind == "rate":
        return f"{number(100 * value)} %"
    if metric == "row_count":
        return plural(value, "row")
    return number(value)


def limits(lower: float | None, upper: float | None, metric: str | None, kind: str | None) -> str:
    """Return the values that alert; the bounds themselves do. Counts are whole numbers, so their bounds are too."""
    is_count = kind == "count"
    sides = []
    if lower is not None:
        sides.append(f"≤ {amount(math.floor(lower) if is_count else lower, metric, kind)}")
    if upper is not None:
        sides.append(f"≥ {amount(math.ceil(upper) if is_count else upper, metric, kind)}")
    return " or ".join(sides) or "never"


def freshness_limits(warn: float | None, error: float | None) -> str:
    """Return fixed freshness limits in words; empty when there are none."""
    pairs = (("warning", warn), ("critical", error))
    return ", ".join(f"{word} when older than {duration(value)}" for word, value in pairs if value is not None)


def plural(count: float, noun: str, nouns: str | None = None) -> str:
    """Return a count with its noun: 1 row, 1,247 rows. ``nouns`` is an irregular plural."""
    if count == 1:
        return f"{number(count)} {noun}"
    return f"{number(count)} {nouns or noun + 's'}"


def percent(part: float, whole: float) -> str:
    """Return a share in per cent with two decimals; a dash when the whole is zero."""
    return f"{100 * part / whole:.2f} %" if whole else NOTHING


def utc(moment: datetime | None) -> str:
    """Return a time in UTC to the minute; the heading or the sentence around it says that it is UTC."""
    return NOTHING if moment is None else f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


def bucket(moment: datetime | None, grain: str | None, zone: str | None = None) -> str:
    """Return the name of a bucket: its first day in its time zone, or the time it starts at in UTC."""
    if moment is None:
        return NOTHING
    return utc(moment) if grain is None or grain in SHORT else f"{wall_clock(moment, zone or UTC):%Y-%m-%d}"


def table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a Markdown table of ready-made cells; a heading that ends in ``>`` aligns its column right."""
    names = list(headings)
    lines = [[name.rstrip(">") for name in names]]
    lines.append(["---:" if name.endswith(">") else "---" for name in names])
    lines += [[str(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
