"""What the catalog of a database says about the tables that have a contract: one statement for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from python_checks.contracts.model import ObservedTable

Ask = Callable[..., list[tuple[Any, ...]]]


def observe(ask: Ask, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], ObservedTable]:
    """The wanted tables by (schema, table). ``ask(query, parameters)`` is ``Session.ask``."""
    raise NotImplementedError
