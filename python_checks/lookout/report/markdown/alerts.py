"""Alerts as lines and tables: what is wrong, since when, whose it is."""

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
    """The scorecard's row for the whole platform; None when it holds nothing."""
    return component(data, "Overall")


def component(data: ReportData, name: str) -> Row | None:
    """One of the scorecard's platform rows."""
    return next((r for r in data.rows("scorecard") if r["scope"] == "platform" and r["name"] == name), None)


def verdict(data: ReportData) -> str:
    """The overall status in one word; NOT EVALUATED when there is nothing to go by."""
    row = overall(data)
    return "NOT EVALUATED" if row is None or row["score"] is None else str(row["status"])


def headline(data: ReportData) -> str:
    """One bold sentence, then the worst alerts, then what could not be evaluated."""
    row = overall(data)
    if data.missing:
        names = ", ".join(text.code(name) for name in data.missing)
        return f"**NOT EVALUATED.** The monitoring schema lacks {names}: run `lookout run` first."
    if row is None or row["score"] is None:
        return "**NOT EVALUATED.** Nothing has been collected yet, so nothing can be said: run `lookout run`."
    alerts = data.rows("open_alerts")
    critical = sum(alert["severity"] == "critical" for alert in alerts)
    said = "nothing is open" if not alerts else f"{text.plural(len(alerts), 'open alert')}, {critical} critical"
    blind = row["unevaluated_assets"]
    if blind:
        said += f"; {blind} of {text.plural(row['monitored_count'], 'watched table')} could not be evaluated"
    # The alerts lead: by its formula the overall status is still HEALTHY with one critical alert open.
    lines = [f"**{said[0].upper()}{said[1:]}. Overall status: {verdict(data)}.**", ""]
    lines += [line(alert) for alert in alerts[:MOST_LINES]]
    if len(alerts) > MOST_LINES:
        lines.append(f"- … and {len(alerts) - MOST_LINES} more, listed in `detection_summary.md`")
    return "\n".join(lines).rstrip()


def line(alert: Row) -> str:
    """One alert as a list item."""
    what = text.cell(f"{alert['description']}: {alert['reason']}" if alert["reason"] else alert["description"])
    since = f"**{alert['severity']}** since {text.utc(alert['window_start'])} UTC"
    where = f" Where: {text.cell(alert['explanation'])}." if alert.get("explanation") else ""
    return f"- {since}: {place(alert)} {what}.{where} Owner: {owner(alert)}."


def place(row: Row) -> str:
    """Database and table of a row in code style."""
    return text.code(f"{row['connection'] or ''} {row['asset'] or ''}")


def owner(row: Row) -> str:
    """Who a row is addressed to."""
    return text.cell(row["owner"] or NOBODY)


def open_table(data: ReportData) -> str:
    """Table of open alerts, worst and oldest first."""
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
            why(a),
            owner(a),
        )
        for a in alerts[:MOST_ROWS]
    ]
    return text.table(headings, rows) + more(alerts)


def resolved_table(data: ReportData) -> str:
    """Table of resolved alerts, newest first."""
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
            why(a),
            owner(a),
        )
        for a in alerts
    ]
    return text.table(headings, rows)


def answer_table(data: ReportData) -> str:
    """Table of what people answered to alerts, the newest answer first; empty when nobody has."""
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
    """What to say below a table that was cut."""
    hidden = len(alerts) - MOST_ROWS
    return f"\n\n{text.number(hidden)} more are in the table `alerts`." if hidden > 0 else ""


def subject(alert: Row) -> str:
    """Table, column and metric (or test) of an alert."""
    parts = [place(alert)]
    if alert["metric"]:
        parts.append(text.cell(alert["metric"]))
    if alert["column_name"]:
        parts.append(f"of {text.code(alert['column_name'])}")
    return " ".join(parts)


def why(alert: Row) -> str:
    """Reason of an alert, else its description."""
    return text.cell(alert["reason"] or alert["description"])


def expected(alert: Row) -> str:
    """What was expected, or the fixed limit where nothing was."""
    if alert["expected_value"] is not None:
        return _amount(alert, alert["expected_value"])
    if alert["lower_bound"] is None and alert["upper_bound"] is not None:
        return f"at most {_amount(alert, alert['upper_bound'])}"
    return text.NOTHING


def observed(alert: Row) -> str:
    """What was observed."""
    return _amount(alert, alert["observed_value"])


def _amount(alert: Row, value: float | None) -> str:
    if value is not None and alert["alert_type"] in ("TEST_FAILURE", "CONTRACT_VIOLATION"):
        return text.plural(value, "row")
    return text.amount(value, alert["metric"], alert["kind"])


def of_component(alerts: Iterable[Row], name: str) -> list[Row]:
    """The open alerts that lower one of the platform's components, newest first."""
    if name == COMPONENTS[0]:
        chosen = [a for a in alerts if a["severity"] in ("critical", "warning")]
    elif name == COMPONENTS[3]:
        chosen = [a for a in alerts if a["alert_type"] == "CONTRACT_VIOLATION"]
    else:
        is_cdc = name == COMPONENTS[2]
        chosen = [a for a in alerts if a["alert_type"] in DATA_ALERTS and (a["layer"] == "cdc") == is_cdc]
    return sorted(chosen, key=lambda a: a["window_start"], reverse=True)
