"""Contracts as a dbt project declares them: a manifest becomes a tuple of contracts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from python_checks.contracts.model import Contract


def load_contracts(
    manifest: Mapping[str, Any], *, default_connection: str, known_connections: Collection[str] | None = None
) -> tuple[Contract, ...]:
    """Contracts declared in a manifest. Raises ConfigError with one line per mistake."""
    raise NotImplementedError
