"""The portfolio health report: four components, the figures behind them, and advice for the weak ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lookout.render import text
from lookout.report.data import COMPONENTS, ReportData
from lookout.report.markdown.alerts import NOBODY, component, line, of_component, overall

Row = dict[str, Any]
GOOD_SCORE, MOST_ROWS = 75, 50
MOST_GAPS = 2.0  # longest gaps between runs after which they have stopped
ADVICE = {
    "Platform reliability": "resolve the critical alerts first; the fewer series are learned, the more each weighs.",
    "Batch layer": "look into the volume, freshness and metric alerts of the batch tables and their loads.",
    "CDC layer": "check that the change feed runs and keeps up; its alerts are listed above.",
    "Contract compliance": "bring tables and contracts together again: fix the producer, or agree on a new version.",
}


def component_table(data: ReportData) -> str:
    """Return a table of status, score and figures of the four components and of the whole."""
    rows = []
    for name in COMPONENTS:
        row = component(data, name)
        rows.append((name, *_status_and_score(row), _details(name, row)))
    rows.append(("**Overall**", *_status_and_score(overall(data)), "lowest of the four"))
    return text.table(["Component", "Status", "Score (of 100)>", "Details"], rows)


def _status_and_score(row: Row | None) -> tuple[str, str]:
    if row is None or row["score"] is None:
        return without_score(row), text.NOTHING
    return text.cell(row["status"]), text.score(row["score"])


def _details(name: str, row: Row | None) -> str:
    if row is None:
        return "nothing collected yet"
    alerts = row["critical_alerts"] + row["warning_alerts"]
    evaluated = _evaluated(row)
    if name == COMPONENTS[0]:
        return (
            f"{text.number(row['critical_alerts'])} critical of {text.plural(alerts, 'open alert')}, "
            f"{text.number(row['baseline_count'])} learned series"
        )
    if name == COMPONENTS[3]:
        return text.plural(row["contract_alerts"], "open violation")
    return (
        f"{text.number(row['volume_alerts'])} volume, {text.number(row['freshness_alerts'])} freshness and "
        f"{text.number(row['metric_alerts'])} metric alerts open, "
        f"{text.number(evaluated)} of {text.plural(row['monitored_count'], 'watched table')} evaluated"
    )


def without_score(row: Row | None) -> str:
    """Return the status of a row of the scorecard that has no score, LEARNING or NOT EVALUATED, in bold."""
    return "**LEARNING**" if row is not None and row["status"] == "learning" else "**NOT EVALUATED**"


def _evaluated(row: Row) -> int:
    """Return the number of watched tables that are neither learning nor not evaluated."""
    return int(row["monitored_count"] - row["unevaluated_assets"] - (row.get("learning_assets") or 0))


def component_sections(data: ReportData) -> list[dict[str, str]]:
    """Return one section per component: status, score, number of open alerts, and the newest of them."""
    sections = []
    for name in COMPONENTS:
        row, alerts = component(data, name), of_component(data.rows("open_alerts"), name)
        status, score = _status_and_score(row)
        state = status if score == text.NOTHING else f"{status}, score {score}"
        newest = "Newest:\n\n" + line(alerts[0]) if alerts else ""
        if row is not None and (row["score"] is not None or alerts):
            state += f". {text.plural(len(alerts), 'open alert')}"
        sections.append({"name": name, "state": state, "newest": newest})
    return sections


def factor_lines(data: ReportData) -> list[str]:
    """Return the figures that the reliability score is computed from."""
    row = overall(data)
    if row is None:
        return ["- **NOT EVALUATED**"]
    alerts = row["critical_alerts"] + row["warning_alerts"]
    return [
        f"- Learned series (with a judged baseline): {text.number(row['baseline_count'])}",
        f"- Open critical alerts: {text.number(row['critical_alerts'])}",
        f"- Open warnings: {text.number(row['warning_alerts'])}",
        f"- Open alerts in all: {text.number(alerts)}",
        f"- Watched tables not evaluated: {text.number(row['unevaluated_assets'])}",
        f"- Watched tables still learning: {text.number(row.get('learning_assets') or 0)}",
    ]


def infrastructure_lines(data: ReportData) -> list[str]:
    """Return totals of the monitoring schema, and the share of good runs and looks in the last 30 days."""
    rows = data.rows("totals")
    if not rows:
        return ["- **NOT EVALUATED**"]
    total = rows[0]
    series, tables = text.plural(total["series"], "series", "series"), text.plural(total["tables"], "table")
    alerts = f"{text.number(total['alerts'])}, of which {text.number(total['open_alerts'])} open"
    good_looks = _share(total["good_looks"], total["looks"], "look")
    return [
        f"- Watched: {series} on {tables} in {text.plural(total['databases'], 'database')}",
        f"- Observations: {text.number(total['observations'])}, newest bucket starts {_moment(total['newest_bucket'])}",
        f"- Baselines: {text.number(total['baselines'])}, last learned {_moment(total['learned_at'])}",
        f"- Alerts: {alerts}, newest first seen {_moment(total['newest_alert_at'])}",
        f"- Last collection: {_moment(total['collected_at'])}",
        f"- Availability, last 30 days: {_availability(data, total)}",
        f"- Looks at tables, last 30 days: {good_looks} could evaluate the table",
    ]


def _availability(data: ReportData, total: Row) -> str:
    """Return the share of finished runs without a failure; a scheduler that stopped leaves no run that could fail."""
    counted = f"{_share(total['good_runs'], total['runs'], 'finished run')} without a failure"
    gap, newest = total.get("longest_gap_seconds"), total.get("newest_run_at")
    age = (data.as_of - newest).total_seconds() if newest is not None else 0.0
    if not gap or age <= MOST_GAPS * gap:
        return counted
    return (
        f"**NOT EVALUATED**, no run for {text.duration(age)} where they came at most {text.duration(gap)} apart; "
        f"until then {counted}"
    )


def _moment(value: Any) -> str:
    return "never" if value is None else f"{text.utc(value)} UTC"


def _share(good: int, count: int, noun: str) -> str:
    if not count:
        return f"no {noun}"
    return f"{text.number(good)} of {text.plural(count, noun)} ({text.percent(good, count)})"


def type_table(data: ReportData) -> str:
    """Return a table of alerts by type."""
    rows = data.rows("alert_types")
    if not rows:
        return "No alerts." if data.rows("totals") else "**NOT EVALUATED.**"
    headings = ["Type", "Open critical>", "Open warning>", "Resolved>", "Total>", "Newest began (UTC)"]
    cells = []
    for row in rows:
        counts = [text.number(row[key]) for key in ("open_critical", "open_warning", "resolved", "total")]
        cells.append((row["alert_type"], *counts, text.utc(row["newest_at"])))
    return text.table(headings, cells)


def score_table(data: ReportData, scope: str, heading: str) -> str:
    """Return a table of the scores of one scope: what could not be evaluated first, then the worst."""
    rows = [row for row in data.rows("scorecard") if row["scope"] == scope]
    rows.sort(key=lambda row: (-1.0 if row["score"] is None else row["score"], row["connection"], row["name"]))
    if not rows:
        return "**NOT EVALUATED.**"
    cells = [
        (
            text.cell(row["name"]),
            *_status_and_score(row),
            text.number(row["critical_alerts"]),
            text.number(row["warning_alerts"]),
            f"{_evaluated(row):,} of {row['monitored_count']:,}",
        )
        for row in rows[:MOST_ROWS]
    ]
    counts = ["Open critical>", "Open warning>", "Watched tables evaluated>"]
    return text.table([heading, "Status", "Score (of 100)>", *counts], cells)


def coverage_table(data: ReportData) -> str:
    """Return a table of each layer: tables watched, described and tested, and the last results of its tests."""
    rows = [row for row in data.rows("scorecard") if row["scope"] == "layer" and row["asset_count"]]
    if not rows:
        return "**NOT EVALUATED.**"
    headings = ["Layer", "Tables>", "Watched>", "Described>", "Tested>", "Tests passed>", "Tests failed>"]
    keys = ("asset_count", "monitored_count", "described_count", "tested_count", "tests_passed", "tests_failed")
    return text.table(headings, [(text.cell(row["name"]), *(text.number(row[key]) for key in keys)) for row in rows])


def recommendation_lines(data: ReportData) -> list[str]:
    """Return one line per component that is below 75 or not evaluated; else a single one."""
    lines = []
    for name in COMPONENTS:
        row = component(data, name)
        if row is not None and row["score"] is not None and row["score"] < GOOD_SCORE:
            lines.append(f"- **{name}** ({text.score(row['score'])}): {ADVICE[name]}")
        elif row is None or (row["score"] is None and row["monitored_count"]):
            if row is not None and row["status"] == "learning":
                lines.append(
                    f"- **{name}** is LEARNING: wait for more history, or set a limit on what is loaded too rarely."
                )
                continue
            lines.append(f"- **{name}** is NOT EVALUATED: make its tables readable, then run `lookout run`.")
    return lines or ["- Maintain: every evaluated component is at 75 or above."]


def gap_lines(data: ReportData) -> list[str]:
    """Return one line per gap: tables that nobody watches, tests, describes or owns."""
    row = overall(data)
    if row is None or not row["asset_count"]:
        return ["- Watch the first tables: declare `meta.lookout` on them."]
    tables = row["asset_count"]
    gaps = [
        (tables - row["monitored_count"], "not watched"),
        (tables - row["tested_count"], "without a test"),
        (tables - row["described_count"], "without a description"),
    ]
    owners = [row for row in data.rows("scorecard") if row["scope"] == "owner"]
    unowned = [row["asset_count"] for row in owners if row["name"] == NOBODY]
    gaps.append((unowned[0] if unowned else 0, "without an owner"))
    lines = [f"- {text.number(count)} of {text.plural(tables, 'table')} {gap}" for count, gap in gaps if count]
    return lines or ["- Every table is watched, tested, described and owned."]


def next_report(data: ReportData) -> str:
    """Return the time at which the next report is due: an hour after this one."""
    return f"{text.utc(data.as_of + timedelta(hours=1))} UTC"
