"""Vega-Lite charts of series for use outside the page: the page's own templates, filled in Python. Pure.

``seriesChart`` in charts.js.j2 fills the same templates with the same values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from lookout.project.declarations.grain import SHORT, UTC, grain_words, wall_clock
from lookout.render.points import STEP
from lookout.render.text import DAY, HOUR, MINUTE

Row = dict[str, Any]
SEVERITIES = ("", "warning", "critical")
WIDTH, HEIGHT, LONGEST_TITLE = 500, 180, 72
LEGEND = "line: observed, dashes: expected, band: usual range, triangle: critical, diamond: warning"


class Span(NamedTuple):
    """The time of an alert, in seconds since 1970; ``now`` marks the alert that the chart is about."""

    since: float
    until: float
    now: bool = False


@cache
def _template(name: str) -> str:
    return (files("lookout.render") / "templates" / name).read_text("utf-8")


@cache
def light_colours() -> Mapping[str, str]:
    """Return the page's colours on a light background, by name."""
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", _template("colours.css.j2").split("@media")[0]))


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a template with its placeholders filled: a text that begins with ``--`` names a value.

    Values are inserted as they are and never filled themselves.
    """
    if isinstance(template, dict):
        return {key: fill(part, values) for key, part in template.items()}
    if isinstance(template, list):
        return [fill(part, values) for part in template]
    if isinstance(template, str) and template.startswith("--"):
        return values[template[2:]]
    return template


def series_chart(
    series: Row, points: Sequence[Sequence[Any]], since: float, until: float, spans: Sequence[Span] = ()
) -> Row | None:
    """Return the Vega-Lite chart of a series between two times in seconds; None when nothing was measured between them.

    ``series`` has metric, kind, grain and time_zone, whose days are drawn; ``points`` are six columns as `points`
    encodes them.
    """
    selected = [index for index, moment in enumerate(points[0]) if since <= moment < until]
    if not selected:
        return None
    observed = [points[1][index] for index in selected]
    expected = [points[2][index] for index in selected]
    divisor, title = _unit(series, [*observed, *expected])
    rows = [_row(points, index, divisor) for index in selected]
    zone = UTC if series["grain"] in SHORT else series.get("time_zone") or UTC
    if zone != UTC:
        for row in rows:
            row["t"] = int(1000 * _shown(row["t"] / 1000, zone))
        spans = [span._replace(since=_shown(span.since, zone), until=_shown(span.until, zone)) for span in spans]
    drawn = [row[name] for row in rows for name in ("observed", "lower", "upper", "expected")]
    known = [value for value in drawn if value is not None]
    begin, end = rows[0]["t"], rows[-1]["t"] + 1000 * STEP[series["grain"]]
    clipped = _clip(spans, begin, end)
    for row in rows:
        row["now"] = any(span["now"] and span["from"] <= row["t"] < span["to"] for span in clipped)
    spec: Row = fill(
        json.loads(_template("series_chart.json.j2")),
        {
            **light_colours(),
            "least": min([*known, 0]),
            "most": max(known, default=0),
            "begin": begin,
            "end": end,
            "title": title,
            "tooltip": None,
            "rows": rows,
            "odd": [row for row in rows if row["severity"]],
            "banded": [row for row in rows if row["lower"] is not None or row["upper"] is not None],
            "looked_at": [span for span in clipped if span["now"]],
            "others": [span for span in clipped if not span["now"]],
        },
    )
    spec["layer"] = [layer for layer in spec["layer"] if layer["data"]["values"]]
    return spec


def picture_of(chart: Row, title: str) -> Row:
    """Return a chart as a self-contained picture: with a title, and with a light background for dark chats."""
    colours = light_colours()
    heading = {
        "text": title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…",
        "subtitle": LEGEND,
        "anchor": "start",
        "frame": "group",
        "fontSize": 14,
        "offset": 8,
        "color": colours["text"],
        "subtitleColor": colours["muted"],
        "subtitleFontSize": 11,
    }
    return {
        **chart,
        "width": WIDTH,
        "height": HEIGHT,
        "padding": 12,
        "title": heading,
        "config": {**fill(json.loads(_template("theme.json.j2")), colours), "background": colours["panel"]},
    }


def _clip(spans: Sequence[Span], begin: float, end: float) -> list[Row]:
    """Return the parts of the spans between two times, in milliseconds since 1970."""
    clipped = [
        {"now": span.now, "from": max(1000 * span.since, begin), "to": min(1000 * span.until, end)} for span in spans
    ]
    return [span for span in clipped if span["to"] >= span["from"]]


def _shown(seconds: float, zone: str) -> float:
    """Return the time at which a clock of UTC shows what the clock of a zone shows, in seconds since 1970."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return wall_clock(moment, zone).replace(tzinfo=timezone.utc).timestamp()


def _row(points: Sequence[Sequence[Any]], index: int, divisor: float) -> Row:
    row: Row = {"t": 1000 * points[0][index]}
    for name, column in zip(("observed", "expected", "lower", "upper"), points[1:5], strict=True):
        row[name] = None if column[index] is None else column[index] / divisor
    row["severity"] = SEVERITIES[points[5][index]]
    return row


def _unit(series: Row, values: Sequence[float | None]) -> tuple[float, str]:
    """Return the divisor that turns values into the unit of the axis, and the title of the axis."""
    if series["metric"] == "freshness":
        most = max((value for value in values if value is not None), default=0.0)
        if most < 1.5 * HOUR:
            return MINUTE, "age in minutes"
        if most < 2 * DAY:
            return HOUR, "age in hours"
        return DAY, "age in days"
    if series["kind"] == "rate":
        return 0.01, f"{series['metric']}, per cent"
    if series["metric"] == "row_count":
        return 1.0, f"rows per {grain_words(series['grain'])}"
    return 1.0, str(series["metric"])
