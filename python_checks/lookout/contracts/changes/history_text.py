"""The changes of a contract and its table as text for a terminal. Pure."""

from __future__ import annotations

import io
from datetime import timezone
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lookout.contracts.changes.versions import WORDS

NOTHING = "-"


def history_text(frame: pd.DataFrame) -> str:
    """Return the changes of one asset as a table for people, newest first; one sentence when there are none.

    ``frame`` has the columns of the landing table ``schema_changes``.
    """
    if frame.empty:
        return "No changes."
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("seen (UTC)", no_wrap=True)
    for name in ("what", "version", "change", "old", "new"):
        table.add_column(name, overflow="fold", justify="right" if name == "version" else "left")
    newest_first = frame.assign(row_order=range(len(frame))).sort_values(
        ["seen_at", "version_number", "row_order"], ascending=[False, False, True]
    )
    for _, row in newest_first.iterrows():
        words = " ".join(filter(None, (WORDS.get(row["change_type"], row["change_type"]), row["detail"])))
        cells = (
            _minute(row["seen_at"]),
            row["subject"],
            str(row["version_number"]),
            f"{row['column_name']}: {words}" if row["column_name"] else words,
            _or_dash(row["old_value"]),
            _or_dash(row["new_value"]),
        )
        table.add_row(*(escape(cell) for cell in cells))
    buffer = io.StringIO()
    Console(file=buffer, width=max(Console().width, 120)).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip().splitlines())


def _minute(moment: Any) -> str:
    return f"{pd.Timestamp(moment).to_pydatetime().astimezone(timezone.utc):%Y-%m-%d %H:%M}"


def _or_dash(value: Any) -> str:
    return NOTHING if value is None or value != value or value == "" else str(value)
