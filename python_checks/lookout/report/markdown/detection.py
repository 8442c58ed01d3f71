"""The detection summary: what each detector found, by which thresholds, and what to do next."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from lookout.baseline.settings import CRITICAL_SCORE, MIN_AGE, MIN_SAMPLE, WARN_SCORE
from lookout.render import text
from lookout.report.data import ReportData
from lookout.report.markdown.alerts import NOBODY

Row = dict[str, Any]


def detector_verdict(row: Row) -> str:
    """DETECTED, Normal or NOT EVALUATED; what could not be judged is never called normal."""
    if row["open_alerts"]:
        return "DETECTED"
    if not row["evaluated"]:
        return "NOT EVALUATED"
    return "Normal"


def detector_lines(data: ReportData) -> list[str]:
    """One list item for each detector, and the total."""
    rows = data.rows("detectors") or [
        {"detector": name, "open_alerts": 0, "watched": 0, "evaluated": 0} for name in ("Volume", "Freshness", "Metric")
    ]
    lines = []
    for row in rows:
        blind = row["watched"] - row["evaluated"]
        share = f"{text.number(row['evaluated'])} of {text.plural(row['watched'], 'series', 'series')} evaluated"
        rest = f", **NOT EVALUATED** for {text.number(blind)}" if blind and row["evaluated"] else ""
        count = f"{text.plural(row['open_alerts'], 'open alert')}, " if row["open_alerts"] else ""
        lines.append(f"- {row['detector']} Anomaly: **{detector_verdict(row)}** ({count}{share}{rest})")
    count = sum(row["open_alerts"] for row in rows)
    seen = count or any(row["evaluated"] for row in rows)
    return [*lines, f"- Total anomalies open: **{text.number(count) if seen else 'NOT EVALUATED'}**"]


def month_table(data: ReportData) -> str:
    """Alerts by the month they began in."""
    rows = data.rows("alert_months")
    if not rows:
        return "**NOT EVALUATED.**"
    cells = [(r["month"], *(text.number(r[key]) for key in ("critical", "warning", "total"))) for r in rows]
    return text.table(["Month (UTC)", "Critical>", "Warning>", "Total>"], cells)


def threshold_table(data: ReportData) -> str:
    """The thresholds in force: one row per method, grain and setting."""
    rows = []
    for r in data.rows("thresholds"):
        key = (r["method"], r["grain"])
        critical = r["critical_score"] if r["critical_score"] is not None else CRITICAL_SCORE.get(key)
        warn = r["warn_score"] if r["warn_score"] is not None else min(WARN_SCORE, critical or WARN_SCORE)
        needed = MIN_AGE.get(r["grain"]) if r["method"] == "learned" else MIN_SAMPLE.get(key)
        least = r["min_sample_size"] if r["min_sample_size"] is not None else needed
        rows.append(
            (
                r["method"],
                r["grain"],
                text.number(r["series"]),
                text.number(warn),
                text.number(critical),
                text.number(least),
                r["alert_from"],
            )
        )
    if not rows:
        return "No series is watched."
    scores = ["Warning from score>", "Critical from score>"]
    return text.table(["Method", "Grain", "Series>", *scores, "Buckets needed>", "Alerts from"], rows)


def freshness_lines(data: ReportData) -> str:
    """The fixed freshness limits in force."""
    lines = []
    for r in data.rows("freshness_limits"):
        said = text.freshness_limits(r["warn_after_seconds"], r["error_after_seconds"])
        lines.append(f"- {text.plural(r['tables'], 'table')} with a fixed freshness limit: {said}.")
    return "\n".join(lines)


def next_steps(data: ReportData) -> list[str]:
    """One line for each owner with something open, one for what could not be evaluated and one for what is learning."""
    steps = []
    if data.missing or not data.rows("series"):
        return ["- Declare `meta.lookout` on the tables to watch, then run `lookout run`."]
    unseen = data.rows("unevaluated")
    if unseen:
        steps.append(f"- Make {text.plural(len(unseen), 'table')} readable again (see above), then run `lookout run`.")
    by_owner: dict[str, list[Row]] = defaultdict(list)
    for alert in data.rows("open_alerts"):
        by_owner[alert["owner"] or NOBODY].append(alert)
    for owner, alerts in sorted(by_owner.items(), key=lambda item: (-len(item[1]), item[0])):
        critical = sum(a["severity"] == "critical" for a in alerts)
        steps.append(f"- {text.cell(owner)}: look into {text.plural(len(alerts), 'open alert')}, {critical} critical.")
    learning = sum(row["bucket_start"] is None for row in data.rows("series"))
    if learning:
        count = text.plural(learning, "series", "series")
        steps.append(f"- Wait: {count} without enough history will be judged once the history is long enough.")
    return steps or ["- Nothing to do."]


def unevaluated_table(data: ReportData) -> str:
    """Watched tables that the last look could not evaluate."""
    rows = data.rows("unevaluated")
    if not rows:
        return "None." if data.rows("series") else "Nothing is watched yet."
    headings = ["Table", "Since (UTC)", "Last evaluated (UTC)", "What is wrong", "Owner"]
    return text.table(
        headings,
        [
            (
                text.code(f"{r['connection']} {r['asset']}"),
                text.utc(r["unevaluated_since"]),
                text.utc(r["evaluated_at"]),
                text.cell(r["message"] or r["status"].replace("_", " ")),
                text.cell(r["owner"] or NOBODY),
            )
            for r in rows[:200]
        ],
    )
