"""Alerts as lines and tables: problem, time and owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lookout.render import text
from lookout.report.data import COMPONENTS, ReportData

Row = dict[str, Any]
MOST_LINES, MOST_ROWS = 5, 50
NOBODY = "nobody named"
VALUES = ("Expected>", "Observed>", "Reason", "Owner")
DATA_ALERTS = ("VOLUME_ANOMALY", "STALE_DATA_FLOW", "METRIC_ANOMALY")


def overall(data: ReportData) -> Row | None:
    """Return the scorecard's row for the whole platform; None when the scorecard is empty."""
    return component(data, "Overall")


def component(data: ReportData, name: str) -> Row | None:
    """Return one of the scorecard's platform rows; None when there is no such row."""
    platform = [row for row in data.rows("scorecard") if row["scope"] == "platform"]
    return next((row for row in platform if row["name"] == name), None)


def verdict(data: ReportData) -> str:
    """Return the overall status in one word; LEARNING or NOT EVALUATED when there is no score."""
    row = overall(data)
    if row is None or row["score"] is None:
        return "LEARNING" if row is not None and row["status"] == "learning" else "NOT EVALUATED"
    return str(row["status"])


def headline(data: ReportData) -> str:
    """Return one bold sentence, with what could not be evaluated, then the worst alerts."""
    if data.missing:
        names = ", ".join(text.code(name) for name in data.missing)
        return f"**NOT EVALUATED.** The monitoring schema lacks {names}: run `lookout run` first."
    row = overall(data)
    if verdict(data) == "LEARNING":
        return "**LEARNING.** No watched table has enough history to be judged yet."
    if row is None or row["score"] is None:
        return "**NOT EVALUATED.** Nothing has been collected yet, so nothing can be said: run `lookout run`."
    alerts = data.rows("open_alerts")
    critical = sum(alert["severity"] == "critical" for alert in alerts)
    state = f"{text.plural(len(alerts), 'open alert')}, {critical} critical" if alerts else "Nothing is open"
    unevaluated = row["unevaluated_assets"]
    if unevaluated:
        state += f"; {unevaluated} of {text.plural(row['monitored_count'], 'watched table')} could not be evaluated"
    learning = row.get("learning_assets")
    if learning:
        state += f"; {learning} of {text.plural(row['monitored_count'], 'watched table')} still learning"
    # The alerts come first: by its formula the overall status is still HEALTHY with one critical alert open.
    lines = [f"**{state}. Overall status: {verdict(data)}.**", ""]
    lines += [line(alert) for alert in alerts[:MOST_LINES]]
    if len(alerts) > MOST_LINES:
        lines.append(f"- … and {len(alerts) - MOST_LINES} more, listed in `detection_summary.md`")
    return "\n".join(lines).rstrip()


def line(alert: Row) -> str:
    """Return one alert as a list item."""
    since = f"**{alert['severity']}** since {text.utc(alert['window_start'])} UTC"
    problem = text.cell(f"{alert['description']}: {alert['reason']}" if alert["reason"] else alert["description"])
    explanation = f" Where: {text.cell(alert['explanation'])}." if alert.get("explanation") else ""
    return f"- {since}: {location(alert)} {problem}.{explanation} Owner: {owner(alert)}."


def location(row: Row) -> str:
    """Return database and table of a row in code style."""
    return text.code(f"{row['connection'] or ''} {row['asset'] or ''}")


def owner(row: Row) -> str:
    """Return the owner of a row, or that there is none."""
    return text.cell(row["owner"] or NOBODY)


def open_table(data: ReportData) -> str:
    """Return a table of open alerts, worst and oldest first."""
    alerts = data.rows("open_alerts")
    if not alerts:
        return _none(data)
    headings = ["Severity", "Type", "Where", "Since (UTC)", "Last seen (UTC)", *VALUES]
    rows = [
        (
            f"**{a['severity']}**" if a["severity"] == "critical" else a["severity"],
            a["alert_type"],
            subject(a),
            text.utc(a["window_start"]),
            text.utc(a["last_seen_at"]),
            expected(a),
            observed(a),
            reason(a),
            owner(a),
        )
        for a in alerts[:MOST_ROWS]
    ]
    return text.table(headings, rows) + more(alerts)


def resolved_table(data: ReportData) -> str:
    """Return a table of resolved alerts, newest first."""
    alerts = data.rows("resolved_alerts")
    if not alerts:
        return _none(data)
    headings = ["Severity", "Type", "Where", "Since (UTC)", "Until (UTC)", *VALUES]
    rows = [
        (
            a["severity"],
            a["alert_type"],
            subject(a),
            text.utc(a["window_start"]),
            text.utc(a["window_end"] or a["resolved_at"]),
            expected(a),
            observed(a),
            reason(a),
            owner(a),
        )
        for a in alerts
    ]
    return text.table(headings, rows)


def answer_table(data: ReportData) -> str:
    """Return a table of people's answers to alerts, the newest first; empty when there are none."""
    answers = data.rows("answers")
    if not answers:
        return ""
    headings = ["Answer", "Note", "By", "At (UTC)", "Type", "Where", "Since (UTC)", "Now"]
    rows = [
        (
            a["verdict"].replace("_", " "),
            text.cell(a["note"]),
            text.cell(a["given_by"]),
            text.utc(a["given_at"]),
            a["alert_type"],
            subject(a),
            text.utc(a["window_start"]),
            "open" if a["is_open"] else "resolved",
        )
        for a in answers
    ]
    return text.table(headings, rows)


def _none(data: ReportData) -> str:
    row = overall(data)
    return "**NOT EVALUATED.**" if row is None or row["score"] is None else "None."


def more(alerts: Sequence[Row]) -> str:
    """Return the line below a table that was cut; empty for one that was not."""
    hidden = len(alerts) - MOST_ROWS
    return f"\n\n{text.number(hidden)} more are in the table `alerts`." if hidden > 0 else ""


def subject(alert: Row) -> str:
    """Return table, metric (or test) and column of an alert."""
    parts = [location(alert)]
    if alert["metric"]:
        parts.append(text.cell(alert["metric"]))
    if alert["column_name"]:
        parts.append(f"of {text.code(alert['column_name'])}")
    return " ".join(parts)


def reason(alert: Row) -> str:
    """Return the reason of an alert, or its description where there is none."""
    return text.cell(alert["reason"] or alert["description"])


def expected(alert: Row) -> str:
    """Return the expected value of an alert, or its fixed limit."""
    if alert["expected_value"] is not None:
        return _amount(alert, alert["expected_value"])
    if alert["lower_bound"] is None and alert["upper_bound"] is not None:
        return f"at most {_amount(alert, alert['upper_bound'])}"
    return text.NOTHING


def observed(alert: Row) -> str:
    """Return the observed value of an alert."""
    return _amount(alert, alert["observed_value"])


def _amount(alert: Row, value: float | None) -> str:
    if value is not None and alert["alert_type"] in ("TEST_FAILURE", "CONTRACT_VIOLATION"):
        return text.plural(value, "row")
    return text.amount(value, alert["metric"], alert["kind"])


def of_component(alerts: Iterable[Row], name: str) -> list[Row]:
    """Return the open alerts that lower one of the platform's components, newest first."""
    reliability, _, cdc, contracts = COMPONENTS
    if name == reliability:
        chosen = [alert for alert in alerts if alert["severity"] in ("critical", "warning")]
    elif name == contracts:
        chosen = [alert for alert in alerts if alert["alert_type"] == "CONTRACT_VIOLATION"]
    else:
        of_data = [alert for alert in alerts if alert["alert_type"] in DATA_ALERTS]
        chosen = [alert for alert in of_data if (alert["layer"] == "cdc") == (name == cdc)]
    return sorted(chosen, key=lambda alert: alert["window_start"], reverse=True)
