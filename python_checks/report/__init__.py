"""Markdown reports, written from what the monitoring schema holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from python_checks.store import Store


def write_reports(store: Store, folder: Path, *, as_of: datetime) -> list[Path]:
    """Write the reports into ``folder``; returns their paths."""
    del store, as_of
    folder.mkdir(parents=True, exist_ok=True)
    return []
