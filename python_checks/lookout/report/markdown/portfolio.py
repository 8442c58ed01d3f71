"""The portfolio health report: four components, what they rest on, and what to do about the weak ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lookout.render import text
from lookout.report.data import COMPONENTS, ReportData
from lookout.report.markdown.alerts import component, line, of_component, overall

Row = dict[str, Any]
GOOD_SCORE, MOST_ROWS = 75, 50
ADVICE = {
    "Platform reliability": "resolve the critical alerts first; the fewer series are learned, the more each weighs.",
    "Batch layer": "look into the volume, freshness and metric alerts of the batch tables and their loads.",
    "CDC layer": "check that the change feed runs and keeps up; its alerts are listed above.",
    "Contract compliance": "bring tables and contracts together again: fix the producer, or agree on a new version.",
}


def component_table(data: ReportData) -> str:
    """Status, score and figures of the four components and the whole."""
    rows = [(name, *_standing(component(data, name)), _details(name, component(data, name))) for name in COMPONENTS]
    rows.append(("**Overall**", *_standing(overall(data)), "lowest of the four"))
    return text.table(["Component", "Status", "Score (of 100)>", "Details"], rows)


def _standing(row: Row | None) -> tuple[str, str]:
    if row is None or row["score"] is None:
        return "**NOT EVALUATED**", text.NOTHING
    return text.cell(row["status"]), text.score(row["score"])


def _details(name: str, row: Row | None) -> str:
    if row is None:
        return "nothing collected yet"
    alerts = row["critical_alerts"] + row["warning_alerts"]
    evaluated = row["monitored_count"] - row["unevaluated_assets"]
    looked = f"{text.number(evaluated)} of {text.plural(row['monitored_count'], 'watched table')} evaluated"
    if name == COMPONENTS[0]:
        return (
            f"{text.number(row['critical_alerts'])} critical of {text.plural(alerts, 'open alert')}, "
            f"{text.number(row['baseline_count'])} learned series"
        )
    if name == COMPONENTS[3]:
        return text.plural(row["contract_alerts"], "open violation")
    return (
        f"{text.number(row['volume_alerts'])} volume, {text.number(row['freshness_alerts'])} freshness and "
        f"{text.number(row['metric_alerts'])} metric alerts open, {looked}"
    )


def component_sections(data: ReportData) -> list[dict[str, str]]:
    """One section per component: standing, number of open alerts, and the newest of them."""
    sections = []
    for name in COMPONENTS:
        row, alerts = component(data, name), of_component(data.rows("open_alerts"), name)
        status, score = _standing(row)
        standing = status if score == text.NOTHING else f"{status}, score {score}"
        newest = "Newest:\n\n" + line(alerts[0]) if alerts else ""
        if row is not None and (row["score"] is not None or alerts):
            standing += f". {text.plural(len(alerts), 'open alert')}"
        sections.append({"name": name, "standing": standing, "newest": newest})
    return sections


def factor_lines(data: ReportData) -> list[str]:
    """What the reliability score is made of."""
    row = overall(data)
    if row is None:
        return ["- **NOT EVALUATED**"]
    alerts = row["critical_alerts"] + row["warning_alerts"]
    return [
        f"- LearningResult series (with a judged baseline): {text.number(row['baseline_count'])}",
        f"- Open critical alerts: {text.number(row['critical_alerts'])}",
        f"- Open warnings: {text.number(row['warning_alerts'])}",
        f"- Open alerts in all: {text.number(alerts)}",
        f"- Watched tables not evaluated: {text.number(row['unevaluated_assets'])}",
    ]


def infrastructure_lines(data: ReportData) -> list[str]:
    """Totals of the monitoring schema, and how reliably it was fed in the last 30 days."""
    rows = data.rows("totals")
    if not rows:
        return ["- **NOT EVALUATED**"]
    t = rows[0]
    series, tables = text.plural(t["series"], "series", "series"), text.plural(t["tables"], "table")
    alerts = f"{text.number(t['alerts'])}, of which {text.number(t['open_alerts'])} open"
    return [
        f"- Watched: {series} on {tables} in {text.plural(t['databases'], 'database')}",
        f"- Observations: {text.number(t['observations'])}, newest bucket starts {_moment(t['newest_bucket'])}",
        f"- Baselines: {text.number(t['baselines'])}, last learned {_moment(t['learned_at'])}",
        f"- Alerts: {alerts}, newest first seen {_moment(t['newest_alert_at'])}",
        f"- Last collection: {_moment(t['collected_at'])}",
        f"- Availability, last 30 days: {_share(t['good_runs'], t['runs'], 'finished run')} without a failure",
        f"- Looks at tables, last 30 days: {_share(t['good_looks'], t['looks'], 'look')} could evaluate the table",
    ]


def _moment(value: Any) -> str:
    return "never" if value is None else f"{text.utc(value)} UTC"


def _share(good: int, count: int, noun: str) -> str:
    if not count:
        return f"no {noun}"
    return f"{text.number(good)} of {text.plural(count, noun)} ({text.percent(good, count)})"


def type_table(data: ReportData) -> str:
    """Alerts by type."""
    rows = data.rows("alert_types")
    if not rows:
        return "No alerts." if data.rows("totals") else "**NOT EVALUATED.**"
    headings = ["Type", "Open critical>", "Open warning>", "Resolved>", "Total>", "Newest began (UTC)"]
    keys = ("open_critical", "open_warning", "resolved", "total")
    cells = [(r["alert_type"], *(text.number(r[k]) for k in keys), text.utc(r["newest_at"])) for r in rows]
    return text.table(headings, cells)


def standing_table(data: ReportData, scope: str, heading: str) -> str:
    """Scores of one scope, the worst first; what could not be evaluated leads."""
    rows = [r for r in data.rows("scorecard") if r["scope"] == scope]
    rows.sort(key=lambda r: (-1.0 if r["score"] is None else r["score"], r["connection"], r["name"]))
    if not rows:
        return "**NOT EVALUATED.**"
    cells = [
        (
            text.cell(r["name"]),
            *_standing(r),
            text.number(r["critical_alerts"]),
            text.number(r["warning_alerts"]),
            f"{r['monitored_count'] - r['unevaluated_assets']:,} of {r['monitored_count']:,}",
        )
        for r in rows[:MOST_ROWS]
    ]
    counts = ["Open critical>", "Open warning>", "Watched tables evaluated>"]
    return text.table([heading, "Status", "Score (of 100)>", *counts], cells)


def coverage_table(data: ReportData) -> str:
    """How much of each layer is watched, described and tested, and how its tests ended last."""
    rows = [r for r in data.rows("scorecard") if r["scope"] == "layer" and r["asset_count"]]
    if not rows:
        return "**NOT EVALUATED.**"
    headings = ["Layer", "Tables>", "Watched>", "Described>", "Tested>", "Tests passed>", "Tests failed>"]
    keys = ("asset_count", "monitored_count", "described_count", "tested_count", "tests_passed", "tests_failed")
    return text.table(headings, [(text.cell(r["name"]), *(text.number(r[k]) for k in keys)) for r in rows])


def recommendation_lines(data: ReportData) -> list[str]:
    """One line per component below 75 or not evaluated; else a single one."""
    lines = []
    for name in COMPONENTS:
        row = component(data, name)
        if row is not None and row["score"] is not None and row["score"] < GOOD_SCORE:
            lines.append(f"- **{name}** ({text.score(row['score'])}): {ADVICE[name]}")
        elif row is None or (row["score"] is None and row["monitored_count"]):
            lines.append(f"- **{name}** is NOT EVALUATED: make its tables readable, then run `lookout run`.")
    return lines or ["- Maintain: every evaluated component is at 75 or above."]


def gap_lines(data: ReportData) -> list[str]:
    """What would make the next months better: tables that nobody watches, tests, describes or owns."""
    row = overall(data)
    if row is None or not row["asset_count"]:
        return ["- Watch the first tables: declare `meta.lookout` on them."]
    tables = row["asset_count"]
    gaps = [
        (tables - row["monitored_count"], "not watched"),
        (tables - row["tested_count"], "without a test"),
        (tables - row["described_count"], "without a description"),
    ]
    unowned = [r for r in data.rows("scorecard") if r["scope"] == "owner" and r["name"] == "nobody named"]
    gaps.append((unowned[0]["asset_count"] if unowned else 0, "without an owner"))
    lines = [f"- {text.number(count)} of {text.plural(tables, 'table')} {what}" for count, what in gaps if count]
    return lines or ["- Every table is watched, tested, described and owned."]


def next_report(data: ReportData) -> str:
    """When the next report is due: an hour after this one."""
    return f"{text.utc(data.as_of + timedelta(hours=1))} UTC"
