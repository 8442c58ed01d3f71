"""Alerts as a list for people and scripts."""

from __future__ import annotations

import io

import pandas as pd
from rich.console import Console
from rich.table import Table

from python_checks.errors import ConfigError
from python_checks.store import Store
from python_checks.workspace import Workspace

STATES = {"open": ["open"], "resolved": ["resolved"], "all": ["open", "resolved"]}


def read_alerts(workspace: Workspace, *, status: str, asset: str | None, limit: int) -> pd.DataFrame:
    """Alerts, newest first. Raises ConfigError for an unknown status."""
    if status not in STATES:
        raise ConfigError(f"--status {status!r} is unknown: use open, resolved or all.")
    workspace.parse()
    with Store(workspace.profile.warehouse, workspace.schema) as store:
        return store.query(
            "select * from {schema}.alerts where status = any(%s) and (%s::text is null or strpos(asset, %s) > 0) "
            "order by window_start desc, severity, asset limit %s",
            (STATES[status], asset, asset or "", limit),
        )


def alert_table(frame: pd.DataFrame) -> str:
    """A table as wide as the terminal; one sentence when there is nothing to list."""
    if frame.empty:
        return "No alerts."
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("since (UTC)", "severity", "status", "asset", "what happened", "why", "owner"):
        table.add_column(name, overflow="fold")
    for _, row in frame.iterrows():
        since = f"{row['window_start']:%Y-%m-%d %H:%M}"
        table.add_row(
            since, row["severity"], row["status"], f"{row['connection']} {row['asset']}".strip(), row["description"],
            row["reason"], row["owner"] or "-",
        )  # fmt: skip
    buffer = io.StringIO()
    Console(file=buffer, width=max(Console().width, 120)).print(table)
    return buffer.getvalue().rstrip()
