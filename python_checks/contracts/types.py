"""Which real column types keep a promised type."""

from __future__ import annotations

from python_checks.contracts.model import ObservedColumn


def known_type(text: str) -> bool:
    """Whether a type is one of Postgres or a contract word; a type of one's own is not."""
    raise NotImplementedError


def type_family(text: str) -> str | None:
    """text, integer, number, boolean, timestamp, date, time, json, uuid, binary, array, other; None when unknown."""
    raise NotImplementedError


def compatible(promised: str, observed: ObservedColumn) -> bool:
    """Whether every value of the real column can be read as the promised type."""
    raise NotImplementedError
