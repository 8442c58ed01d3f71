"""Alerts as a list for people and scripts."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lookout.alerts.feedback import SHORT, find_alert, history
from lookout.alerts.store import query_alerts
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.project.workspace import Workspace

MOST_NAMES = 5
STATES = {"open": [True], "resolved": [False], "all": [True, False]}


def read_alerts(workspace: Workspace, *, status: str, asset: str | None, limit: int) -> pd.DataFrame:
    """Return alerts, newest first. Raises ConfigError for an unknown status."""
    if status not in STATES:
        raise ConfigError(f"--status {status!r} is unknown: use open, resolved or all.")
    workspace.locate()
    with workspace.home.store() as store:
        return query_alerts(
            store,
            "where coalesce(states.is_open, false) = any(%s) and (%s::text is null or strpos(alerts.asset, %s) > 0) "
            "order by alerts.window_start desc, alerts.severity, alerts.asset limit %s",
            (STATES[status], asset, asset or "", limit),
        )


def unjudged_tables(workspace: Workspace) -> str:
    """Return a sentence about the watched tables of which no alert can be expected; empty when there are none."""
    with workspace.home.store() as store:
        if store.missing_tables(["asset_states"]):
            return ""
        states = store.query("select state, count(*) as n from {schema}.asset_states group by state").set_index("state")
    counts = [f"{states['n'][state]} {state}" for state in ("not evaluated", "learning") if state in states.index]
    return f"Watched tables that could not be judged: {' and '.join(counts)}." if counts else ""


def alert_table(frame: pd.DataFrame) -> str:
    """Return a table as wide as the terminal; one sentence when there is nothing to list."""
    if frame.empty:
        return "No alerts."
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("key", no_wrap=True)
    for name in ("since (UTC)", "severity", "status", "asset", "what happened", "why", "owner"):
        table.add_column(name, overflow="fold")
    for _, row in frame.iterrows():
        since = f"{row['window_start']:%Y-%m-%d %H:%M}"
        cells = (
            row["alert_key"][:SHORT],
            since,
            row["severity"],
            row["status"],
            f"{row['connection']} {row['asset']}".strip(),
            row["description"],
            row["reason"] or "",
            row["owner"] or "-",
        )
        table.add_row(*(escape(cell) for cell in cells))
    return _printed(table)


def read_alert(workspace: Workspace, prefix: str) -> dict[str, Any]:
    """Return everything about one alert: its columns, its ``explanations`` and its ``feedback``, oldest first.

    Raises ConfigError when no alert, or more than one, has a key that begins with ``prefix``.
    """
    workspace.locate()
    with workspace.home.store() as store:
        alert = find_alert(store, prefix)
        explained = store.query(
            "select dimension, explanation, details, bucket_start, explained_at from {schema}.alert_explanations "
            "where alert_key = %s order by dimension",
            (alert["alert_key"],),
        )
        answers = history(store, alert["alert_key"])
        impact = read_impact(store, [alert["alert_key"]]).get(alert["alert_key"], {})
    return {
        **{str(name): None if pd.isna(value) else value for name, value in alert.items()},
        "explanations": explained.to_dict("records"),
        "feedback": answers.to_dict("records"),
        "impact": impact,
    }


def read_impact(store: Store, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return rows of ``alert_impact``, the assets downstream of alerts, by alert key; empty while it is not built."""
    if store.missing_tables(["alert_impact"]):
        return {}
    found = store.query("select * from {schema}.alert_impact where alert_key = any(%s)", (list(keys),))
    return {row["alert_key"]: row for row in cast(list[dict[str, Any]], found.to_dict("records"))}


def impact_text(impact: Mapping[str, Any]) -> str:
    """Return the assets downstream of an alert, on one line; empty when none is known."""
    if not impact or not impact["downstream_count"]:
        return ""
    parts = [
        named(impact["downstream_exposures"], "exposure"),
        named(impact["downstream_models"], "model"),
        named(impact["downstream_others"], "other"),
    ]
    owners = ", ".join(impact["downstream_owners"])
    if owners:
        parts.append(f"owned by {owners}")
    return "; ".join(part for part in parts if part)


def named(names: Sequence[str], kind: str) -> str:
    """Return some names and how many more there are, such as ``3 models: a, b, c``."""
    if not names:
        return ""
    listed = ", ".join(names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        listed += f" and {len(names) - MOST_NAMES} more"
    return f"{len(names)} {kind}{'s' * (len(names) != 1)}: {listed}"


def alert_page(alert: dict[str, Any]) -> str:
    """Return one alert as a page of text: a line for everything that is known."""
    location = f"{alert['connection']} {alert['asset']}".strip()
    column = f"{alert['metric']} of {alert['column_name']}" if alert["column_name"] else alert["metric"]
    lines = {
        "alert": alert["alert_key"],
        "what": f"{location}: {alert['description']}",
        "why": alert["reason"],
        "type": alert["alert_type"],
        "metric": column,
        "severity": alert["severity"],
        "status": alert["status"],
        "since": _minute(alert["window_start"]),
        "until": _minute(alert["window_end"]),
        "observed": alert["observed_value"],
        "expected": alert["expected_value"],
        "normal range": _range(alert["lower_bound"], alert["upper_bound"]),
        "score": alert["score"],
        "downstream": impact_text(alert["impact"]),
        "owner": alert["owner"],
        "first seen": _minute(alert["first_seen_at"]),
        "last seen": f"{_minute(alert['last_seen_at'])}, {_times(alert['occurrences'])} in all",
        "resolved": _minute(alert["resolved_at"]),
    }
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in lines.items():
        if value not in (None, ""):
            table.add_row(name, escape(f"{value:,.6g}" if isinstance(value, float) else str(value)))
    for row in alert["explanations"]:
        table.add_row("where", escape(row["explanation"]))
    for row in alert["feedback"]:
        answer = f"{row['verdict'].replace('_', ' ')}, by {row['given_by'] or 'somebody'} at {_minute(row['given_at'])}"
        table.add_row("feedback", escape(f"{answer}: {row['note']}" if row["note"] else answer))
    return _printed(table)


def _range(lower: float | None, upper: float | None) -> str:
    if lower is None and upper is None:
        return ""
    if lower is None:
        return f"up to {upper:,.6g}"
    return f"from {lower:,.6g} up" if upper is None else f"{lower:,.6g} to {upper:,.6g}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _minute(moment: Any) -> str:
    return "" if moment is None or pd.isna(moment) else f"{moment:%Y-%m-%d %H:%M} UTC"


def _printed(table: Table) -> str:
    buffer = io.StringIO()
    Console(file=buffer, width=max(Console().width, 120)).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip().splitlines())
