"""The detection summary: findings of each detector, thresholds, and next steps."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from lookout.baseline.settings import CRITICAL_SCORE, MIN_AGE, MIN_SAMPLE, WARN_SCORE
from lookout.render import text
from lookout.report.data import ReportData
from lookout.report.markdown.alerts import NOBODY

Row = dict[str, Any]


def detector_verdict(row: Row) -> str:
    """Return DETECTED, Normal, LEARNING or NOT EVALUATED; what could not be judged is never called normal."""
    if row["open_alerts"]:
        return "DETECTED"
    if not row["evaluated"]:
        return "LEARNING" if row.get("learning") and row["learning"] == row["watched"] else "NOT EVALUATED"
    return "Normal"


def detector_lines(data: ReportData) -> list[str]:
    """Return one list item for each detector, and the total."""
    rows = data.rows("detectors") or [
        {"detector": name, "open_alerts": 0, "watched": 0, "evaluated": 0} for name in ("Volume", "Freshness", "Metric")
    ]
    lines = [_detector_line(row) for row in rows]
    total = sum(row["open_alerts"] for row in rows)
    is_evaluated = total or any(row["evaluated"] for row in rows)
    return [*lines, f"- Total anomalies open: **{text.number(total) if is_evaluated else 'NOT EVALUATED'}**"]


def _detector_line(row: Row) -> str:
    learning = row.get("learning", 0)
    unevaluated = row["watched"] - row["evaluated"] - learning
    parts = [f"{text.number(row['evaluated'])} of {text.plural(row['watched'], 'series', 'series')} evaluated"]
    if row["open_alerts"]:
        parts.insert(0, text.plural(row["open_alerts"], "open alert"))
    if unevaluated and row["evaluated"]:
        parts.append(f"**NOT EVALUATED** for {text.number(unevaluated)}")
    if learning and row["evaluated"]:
        parts.append(f"**LEARNING** for {text.number(learning)}")
    return f"- {row['detector']} Anomaly: **{detector_verdict(row)}** ({', '.join(parts)})"


def month_table(data: ReportData) -> str:
    """Return a table of alerts by the month in which they began."""
    rows = data.rows("alert_months")
    if not rows:
        return "**NOT EVALUATED.**"
    cells = [(r["month"], *(text.number(r[key]) for key in ("critical", "warning", "total"))) for r in rows]
    return text.table(["Month (UTC)", "Critical>", "Warning>", "Total>"], cells)


def threshold_table(data: ReportData) -> str:
    """Return a table of the thresholds in force: one row per method, grain and setting."""
    rows = [_threshold_row(row) for row in data.rows("thresholds")]
    if not rows:
        return "No series is watched."
    scores = ["Warning from score>", "Critical from score>"]
    return text.table(["Method", "Grain", "Series>", *scores, "Buckets needed>", "Alerts from"], rows)


def _threshold_row(row: Row) -> tuple[str, ...]:
    """Return the cells of one setting, with the detector's defaults for what is not set."""
    method, grain = row["method"], row["grain"]
    critical, warn, samples = row["critical_score"], row["warn_score"], row["min_sample_size"]
    if critical is None:
        critical = CRITICAL_SCORE.get((method, grain))
    if warn is None:
        warn = min(WARN_SCORE, critical or WARN_SCORE)
    if samples is None:
        samples = MIN_AGE.get(grain) if method == "learned" else MIN_SAMPLE.get((method, grain))
    numbers = [text.number(value) for value in (row["series"], warn, critical, samples)]
    return (method, grain, *numbers, row["alert_from"])


def freshness_lines(data: ReportData) -> str:
    """Return one line for each fixed freshness limit in force."""
    lines = []
    for row in data.rows("freshness_limits"):
        limits = text.freshness_limits(row["warn_after_seconds"], row["error_after_seconds"])
        lines.append(f"- {text.plural(row['tables'], 'table')} with a fixed freshness limit: {limits}.")
    return "\n".join(lines)


def next_steps(data: ReportData) -> list[str]:
    """Return a line for each owner of open alerts, one for what could not be evaluated and one for what is learning."""
    steps = []
    if data.missing or not data.rows("series"):
        return ["- Declare `meta.lookout` on the tables to watch, then run `lookout run`."]
    unevaluated = len(data.rows("unevaluated"))
    if unevaluated:
        steps.append(f"- Make {text.plural(unevaluated, 'table')} readable again (see above), then run `lookout run`.")
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
    rare = {(row["connection"], row["asset"]) for row in data.rows("series") if _is_rare(row)}
    if rare:
        count = text.plural(len(rare), "table")
        steps.append(f"- Set a freshness limit on {count} with too few loads to know when the next is due.")
    return steps or ["- Nothing to do."]


def unevaluated_table(data: ReportData) -> str:
    """Return a table of the watched tables that the last look could not evaluate."""
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


def _is_rare(row: Row) -> bool:
    return row.get("state") == "learning" and " more load" in str(row.get("state_reason") or "")
