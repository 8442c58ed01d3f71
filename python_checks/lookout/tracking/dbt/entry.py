"""Times and rows of one entry of dbt's results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from lookout.project.artifacts.outcomes import NONE, outcome_of
from lookout.tracking.dbt.log import moment_of

BUILT = ("model.", "seed.", "snapshot.")
TICK = timedelta(milliseconds=1)
ROWS = re.compile(r"(?:INSERT 0|SELECT|MERGE) (\d+)")


def times_of(result: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """Return when a node began and ended; None for one that did not run."""
    timing = result.get("timing") or []
    begun = [moment_or_epoch(t["started_at"]) for t in timing if t.get("started_at")]
    ended = [moment_or_epoch(t["completed_at"]) for t in timing if t.get("completed_at")]
    if not begun or outcome_of(result.get("status"), str(result.get("unique_id"))) == NONE:
        return None
    start = min(begun)
    return start, max([start + TICK, *ended])


def rows_of(result: Mapping[str, Any], node_id: str) -> int | None:
    """Return the rows that a model, seed or snapshot wrote; None for views and where dbt gives no number."""
    if not node_id.startswith(BUILT):
        return None
    response = result.get("adapter_response") or {}
    if not ROWS.match(str(response.get("_message") or result.get("message") or "")):
        return None
    rows = response.get("rows_affected")
    return int(rows) if isinstance(rows, int) and rows >= 0 else None


def moment_or_epoch(text: Any) -> datetime:
    """Return a time of an artifact; 1970-01-01 when it is none."""
    try:
        return moment_of(str(text))
    except ValueError:
        return datetime.fromtimestamp(0, timezone.utc)
