"""The closing lines of a run: a banner for every new alert, then a short summary."""

from __future__ import annotations

import sys
import textwrap
from typing import Any

import pandas as pd

from lookout.runs.summary import RunSummary

BANNER_WIDTH, MOST_BANNERS, MOST_LINES, MOST_LEARNING = 80, 10, 12, 3
STATES = ("wrong", "not evaluated", "learning", "ok")


def show(summary: RunSummary) -> None:
    """Print banners for new open critical alerts, then the open alerts and the paths of the reports."""
    fresh = summary.new_alerts
    critical = fresh[(fresh["status"] == "open") & (fresh["severity"] == "critical")]
    for _, alert in critical.head(MOST_BANNERS).iterrows():
        print(banner(alert))
    for _, alert in critical.iterrows():
        print(f"CRITICAL ALERT: {alert['alert_type']} - {_headline(alert)}", file=sys.stderr)
    if len(critical) > MOST_BANNERS:
        print(f"... and {len(critical) - MOST_BANNERS} more new critical alerts.")
    print(_verdict(summary))
    if not summary.counts.get("series"):
        print(
            "  No table is watched yet: add `config: {meta: {lookout: {timestamp_column: ...}}}` to a source or model."
        )
    for _, alert in summary.open_alerts.head(MOST_LINES).iterrows():
        print(f"  {alert['severity']:<8} since {_minute(alert['window_start'])}  {_headline(alert)}")
    if len(summary.open_alerts) > MOST_LINES:
        print(f"  ... and {len(summary.open_alerts) - MOST_LINES} more: lookout alerts list")
    for line in _state_lines(summary):
        print(f"  {line}")
    for note in summary.notes[:MOST_LINES]:
        print(f"  note: {note}")
    for problem in summary.problems:
        print(f"  could not evaluate: {problem}")
    for path in summary.reports:
        print(f"  report: {path}")


def banner(alert: Any) -> str:
    """Return the console banner of one alert, 80 columns wide."""
    edge = "!" * BANNER_WIDTH
    lines = [
        f"ALERT TYPE: {alert['alert_type']}",
        f"TIMESTAMP: {_minute(alert['window_start'])} UTC",
        f"DESCRIPTION: {_headline(alert)}",
        f"REASON: {alert['reason']}",
        *([f"WHERE: {alert['explanation']}"] if alert.get("explanation") else []),
        *([f"DOWNSTREAM: {alert['downstream']}"] if alert.get("downstream") else []),
        f"OWNER: {alert['owner'] or 'nobody named'}",
    ]
    body = [part for line in lines for part in textwrap.wrap(line, BANNER_WIDTH, subsequent_indent="  ")]
    return "\n".join(
        [edge, "CRITICAL DATA RELIABILITY ALERT".center(BANNER_WIDTH), *body, "IMMEDIATE ACTION REQUIRED", edge]
    )


def as_dict(summary: RunSummary) -> dict[str, Any]:
    """Return the summary for ``--json``: plain values only."""
    return {
        "run_id": summary.run_id,
        "as_of": summary.as_of.isoformat(),
        "exit_code": summary.exit_code,
        "open_alerts": _records(summary.open_alerts),
        "new_alerts": len(summary.new_alerts),
        "notes": list(summary.notes),
        "problems": list(summary.problems),
        "reports": [str(path) for path in summary.reports],
        "build": summary.build.results if summary.build else None,
        "tables": _records(summary.states[["connection", "asset", "state", "reason"]]),
        **summary.counts,
    }


def _verdict(summary: RunSummary) -> str:
    number = len(summary.open_alerts)
    critical = int((summary.open_alerts["severity"] == "critical").sum())
    state = f"{number} open alert{'s' * (number != 1)}, {critical} critical" if number else "Nothing open"
    resolved = int((summary.new_alerts["status"] == "resolved").sum())
    past = f"; {resolved} more began and ended in the period looked at" if resolved else ""
    return f"As of {summary.as_of:%Y-%m-%d %H:%M} UTC: {state}{past}."


def _state_lines(summary: RunSummary) -> list[str]:
    """Return how many watched tables are in each state, and why some are still learning."""
    states = summary.states["state"]
    if states.empty or (states == "ok").all():
        return []
    counts = [f"{number} {word}" for word in STATES if (number := int((states == word).sum()))]
    learning = summary.states[states == "learning"]
    lines = [f"learning: {row['connection']} {row['asset']}: {row['reason']}" for _, row in learning.iterrows()]
    more = [f"... and {len(lines) - MOST_LEARNING} more"] if len(lines) > MOST_LEARNING else []
    return [f"watched tables: {', '.join(counts)}", *lines[:MOST_LEARNING], *more]


def _headline(alert: Any) -> str:
    table = f"{alert['connection']} {alert['asset']}".strip()
    return f"{table}: {alert['description']}"


def _minute(moment: Any) -> str:
    return f"{pd.Timestamp(moment):%Y-%m-%d %H:%M}" if pd.notna(moment) else "unknown"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value
