"""Limits of reads of watched databases: times, retries and circuit breakers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lookout.database.retries import PROCESS_BREAKERS, Breakers, RetryPolicy
from lookout.errors import ConfigError


@dataclass(frozen=True)
class CollectOptions:
    """Timeouts and retries of a collection; times in seconds. ``sleep`` replaces the wait between attempts in tests."""

    statement_timeout: float = 300.0
    lock_timeout: float = 30.0
    connect_timeout: int = 10
    # A server that hangs cannot enforce its own statement timeout: so much later, Lookout closes the connection.
    hang_grace: float = 10.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breakers: Breakers = PROCESS_BREAKERS
    max_connections: int = 64
    sleep: Callable[[float], object] | None = None

    def __post_init__(self) -> None:
        for name in ("statement_timeout", "lock_timeout", "connect_timeout", "hang_grace", "max_connections"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be greater than 0.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, **settings: Any) -> CollectOptions:
        """Return options with the retry policy from the environment; ``settings`` are fields. Raises ConfigError."""
        return cls(retry=RetryPolicy.from_environment(environment), **settings)
