"""Numbers, times and names as they stand in Markdown. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING = "–"
_MARKUP = re.compile(r"([\\`*\[\]|])")
_EDGE_UNDERSCORE = re.compile(r"(?<!\w)_|_(?!\w)")


def cell(value: object) -> str:
    """Text for a table cell or a line: one line, and nothing in it that Markdown or HTML would read as markup."""
    if value is None or value == "":
        return NOTHING
    text = _MARKUP.sub(r"\\\1", " ".join(str(value).split()))
    text = _EDGE_UNDERSCORE.sub(r"\\_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(value: object) -> str:
    """A name in code style; pipes are escaped because GitHub splits table cells even inside code."""
    text = " ".join(str(value).split()).replace("`", "'").replace("|", r"\|")
    return f"`{text}`" if text else NOTHING


def number(value: float | None) -> str:
    """1,291.29 and 83.79 and 12 and 0.0042: two decimals from 1 up, three significant digits below."""
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
    """A scorecard score out of 100 with one decimal."""
    return NOTHING if value is None else f"{value:.1f}"


def signed(value: float | None) -> str:
    """An anomaly score with its sign and two decimals."""
    return NOTHING if value is None else f"{value:+.2f}"


def duration(seconds: float | None) -> str:
    """45 min, 26.5 h, 12 days: the unit that the alerts use for a duration of this size."""
    if seconds is None:
        return NOTHING
    if abs(seconds) < 1.5 * HOUR:
        return f"{number(seconds / MINUTE)} min"
    if abs(seconds) < 2 * DAY:
        return f"{number(seconds / HOUR)} h"
    days = seconds / DAY
    return f"{number(round(days) if abs(days) >= 100 else days)} days"


def amount(value: float | None, metric: str | None = None, kind: str | None = None) -> str:
    """A metric's value with its unit: rows, a duration, per cent, or a plain number in the metric's own unit."""
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
    """From which values on something alerts; a value on a bound does. Counts are whole, so their bounds are too."""
    sides = []
    if lower is not None:
        sides.append(f"≤ {amount(math.floor(lower) if kind == 'count' else lower, metric, kind)}")
    if upper is not None:
        sides.append(f"≥ {amount(math.ceil(upper) if kind == 'count' else upper, metric, kind)}")
    return " or ".join(sides) or "never"


def freshness_limits(warn: float | None, error: float | None) -> str:
    """Fixed freshness limits in words; empty when there are none."""
    pairs = (("warning", warn), ("critical", error))
    return ", ".join(f"{word} when older than {duration(value)}" for word, value in pairs if value is not None)


def plural(count: float, noun: str, nouns: str | None = None) -> str:
    """1 row, 1,247 rows."""
    return f"{number(count)} {noun if count == 1 else nouns or noun + 's'}"


def percent(part: float, whole: float) -> str:
    """A share with two decimals; nothing of nothing is no share."""
    return f"{100 * part / whole:.2f} %" if whole else NOTHING


def utc(moment: datetime | None) -> str:
    """A time in UTC to the minute, without saying so: the heading or the sentence does."""
    return NOTHING if moment is None else f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


def bucket(moment: datetime | None, grain: str | None) -> str:
    """Name of a bucket: its day, or the time it starts at in UTC."""
    if moment is None:
        return NOTHING
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d}" if grain == "day" else utc(moment)


def table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table of ready-made cells; a heading that ends in ``>`` sets its column flush right."""
    names = list(headings)
    lines = [[name.rstrip(">") for name in names], ["---:" if name.endswith(">") else "---" for name in names]]
    lines += [[str(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
