"""Limits of a command: times of connections, sources and whole runs, retries and circuit breakers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lookout.database.connection import Connection
from lookout.database.limits import (
    CONNECT_TIMEOUT,
    HANG_GRACE,
    LEASE_SECONDS,
    LOCK_TIMEOUT,
    STATEMENT_TIMEOUT,
    TimeLimit,
)
from lookout.database.retries import PROCESS_BREAKERS, Breakers, RetryPolicy
from lookout.errors import ConfigError

SOURCE_SECONDS = 1800.0
RUN_SECONDS = 6 * 3600.0
PROCESSES = 4
# The end of a run is recorded, and its lease given back, within its time: at most so many seconds, or this share of it.
LAST_WORDS_SECONDS, LAST_WORDS_SHARE = 15.0, 0.4


def default_processes() -> int:
    """Return how many processes learn at once unless somebody says otherwise: one a processor, and at most four."""
    return min(PROCESSES, os.cpu_count() or 1)


class SourceTimes:
    """The time that each source has taken so far in a run; what a source takes beside another counts for itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, float] = {}

    def spent(self, connection: Connection) -> float:
        """Return the seconds that a source has taken."""
        with self._lock:
            return self._spent.get(connection.location, 0.0)

    def add(self, connection: Connection, seconds: float) -> None:
        """Count seconds that a source has taken."""
        with self._lock:
            self._spent[connection.location] = self._spent.get(connection.location, 0.0) + seconds


@dataclass(frozen=True)
class CollectOptions:
    """Limits and retries; times in seconds. ``sleep`` replaces the wait between attempts in tests.

    ``source_limit`` is what one source may take in all the steps of a run, ``run_limit`` what the run may take, and
    ``time_limit`` the run's time once it has begun. Where much is to be learned, ``processes`` do it.
    """

    statement_timeout: float = STATEMENT_TIMEOUT
    lock_timeout: float = LOCK_TIMEOUT
    connect_timeout: int = CONNECT_TIMEOUT
    hang_grace: float = HANG_GRACE
    source_limit: float = SOURCE_SECONDS
    run_limit: float = RUN_SECONDS
    lease: float = LEASE_SECONDS
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breakers: Breakers = PROCESS_BREAKERS
    max_connections: int = 64
    processes: int = field(default_factory=default_processes)
    sleep: Callable[[float], object] | None = None
    source_times: SourceTimes = field(default_factory=SourceTimes)
    time_limit: TimeLimit = field(default_factory=TimeLimit)

    def __post_init__(self) -> None:
        times = ("statement_timeout", "lock_timeout", "connect_timeout", "hang_grace")
        for name in (*times, "source_limit", "run_limit", "lease", "max_connections", "processes"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be greater than 0.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, **settings: Any) -> CollectOptions:
        """Return options with the retry policy from the environment; ``settings`` are fields. Raises ConfigError."""
        return cls(retry=RetryPolicy.from_environment(environment), **settings)

    def run_time(self) -> TimeLimit:
        """Return the time of a run that begins now, less what its last words may take."""
        last_words = min(LAST_WORDS_SECONDS, LAST_WORDS_SHARE * self.run_limit)
        return TimeLimit(
            self.run_limit - last_words,
            f"The run has used up its {as_text(self.run_limit)} (`limits: run` in lookout.yml).",
        )

    def source_time(self, connection: Connection) -> TimeLimit:
        """Return the time that a source has left, from now on and within that of the run."""
        left = self.source_limit - self.source_times.spent(connection)
        reason = (
            f"{connection.location} has used up the {as_text(self.source_limit)} that one source may take in a run "
            "(`limits: source` in lookout.yml), so the rest of it is not evaluated: look for what makes it slow, or "
            "raise the limit."
        )
        return TimeLimit(left, reason, self.time_limit)


class Stopwatch:
    """Counts the time of one source for a run, from its making to ``stop``."""

    def __init__(self, options: CollectOptions, connection: Connection) -> None:
        self._options, self._connection, self._started_at = options, connection, time.monotonic()
        self.limit = options.source_time(connection)

    def stop(self) -> None:
        """Add the time to that of the source."""
        self._options.source_times.add(self._connection, time.monotonic() - self._started_at)


def as_text(seconds: float) -> str:
    """Return a length of time in words: ``10 minutes``, ``90 seconds``."""
    count, unit = (seconds / 60, "minute") if seconds >= 60 and seconds % 60 == 0 else (seconds, "second")
    return f"{count:g} {unit}{'' if count == 1 else 's'}"
