"""Values in the dialect of an engine."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any


def as_column_type(moment: datetime, type_: str) -> datetime | Any:
    """Return a moment as a value of the timestamp column's type, so that its indexes apply; other types are UTC."""
    utc = moment.astimezone(timezone.utc)
    if type_ == "date":
        return utc.date()
    return utc.replace(tzinfo=None) if type_ == "timestamp" else utc
