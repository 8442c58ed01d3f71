"""Retries of connections with growing pauses, and circuit breakers for databases that stay unreachable."""

from __future__ import annotations

import logging
import math
import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg2
import pybreaker
import tenacity

from lookout.database.connection import Connection
from lookout.database.limits import LimitedConnection, SilentServerError, TimeLimit
from lookout.errors import ConfigError, SourceError

logger = logging.getLogger(__name__)

FAIL_MAX = 5
COOL_DOWN = 60.0
# Errors that another attempt cannot mend. libpq gives no error code for these, only text; in another language they are
# retried in vain.
PERMANENT = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|permission denied for database"
    r"|(database|role) .* does not exist|is not permitted to log in|not currently accepting connections"
    r"|unsupported startup parameter|certificate|does not support SSL",
    flags=re.IGNORECASE,
)
Opener = Callable[[Connection], LimitedConnection]
Failure = Callable[[BaseException], bool]


class UnreachableError(SourceError):
    """A source is not queried: no connection could be opened, it stalls, or its time is over.

    ``attempts`` counts the tries to connect.
    """

    def __init__(self, message: str, *, attempts: int = 0) -> None:
        super().__init__(message)
        self.attempts = attempts


@dataclass(frozen=True)
class RetryPolicy:
    """Number of attempts to connect, and the pauses between them in seconds: growing by a factor, up to a maximum."""

    max_attempts: int = 3
    initial_delay: float = 1.0
    backoff_factor: float = 2.0
    max_delay: float = 60.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RetryPolicy:
        """Read MAX_RETRY_ATTEMPTS, INITIAL_RETRY_DELAY, RETRY_BACKOFF_FACTOR and MAX_RETRY_DELAY where they are set.

        Raises ConfigError with one sentence for every wrong value.
        """
        problems: list[str] = []

        def read(key: str, default: float, rule: str, holds: Callable[[float], bool]) -> float:
            text = environment.get(key, "").strip()
            try:
                value = float(text) if text else default
            except ValueError:
                value = math.nan
            if not (math.isfinite(value) and holds(value)):
                problems.append(f"Environment variable {key} is '{text}'; it must be {rule}.")
            return value

        attempts = read("MAX_RETRY_ATTEMPTS", cls.max_attempts, "a whole number of 1 or more", _is_count)
        initial = read("INITIAL_RETRY_DELAY", cls.initial_delay, "a number of seconds above 0", lambda x: x > 0)
        factor = read("RETRY_BACKOFF_FACTOR", cls.backoff_factor, "a number above 1", lambda x: x > 1)
        longest = read("MAX_RETRY_DELAY", cls.max_delay, "a number of seconds above 0", lambda x: x > 0)
        if not problems and longest < initial:
            problems.append(f"MAX_RETRY_DELAY ({longest:g}) is below INITIAL_RETRY_DELAY ({initial:g}); raise it.")
        if problems:
            raise ConfigError("\n".join(problems))
        return cls(int(attempts), initial, factor, longest)

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait after a failed attempt (1 is the first), with up to ten per cent of jitter."""
        # The exponent is capped: a float power beyond it overflows, and the maximum holds long before.
        delay = min(self.max_delay, self.initial_delay * self.backoff_factor ** min(attempt - 1, 64))
        return delay + random.uniform(0.0, 0.1 * delay)


class Breakers:
    """Two circuit breakers for each source, for connecting and for queries, remembered as long as this object lives.

    After ``fail_max`` failed attempts in a row, or as many queries in a row without an answer, a source is left alone
    for ``cool_down`` seconds; then one attempt decides whether it is open again.
    """

    def __init__(self, fail_max: int = FAIL_MAX, cool_down: float = COOL_DOWN) -> None:
        self.fail_max, self.cool_down = fail_max, cool_down
        self._lock = threading.Lock()
        self._breakers: dict[tuple[str, Failure], pybreaker.CircuitBreaker] = {}

    def of(self, connection: Connection) -> pybreaker.CircuitBreaker:
        """Return the breaker of connecting to one source. A server that answers "wrong password" is up."""
        return self._breaker(connection, is_transient)

    def of_queries(self, connection: Connection) -> pybreaker.CircuitBreaker:
        """Return the breaker of queries to one source; connecting may well work where answers stall."""
        return self._breaker(connection, is_stall)

    def _breaker(self, connection: Connection, counts: Failure) -> pybreaker.CircuitBreaker:
        key = connection.location, counts
        with self._lock:
            if key not in self._breakers:
                self._breakers[key] = pybreaker.CircuitBreaker(
                    fail_max=self.fail_max,
                    reset_timeout=self.cool_down,
                    exclude=[lambda error: not counts(error)],
                    name=connection.location,
                    throw_new_error_on_trip=False,
                )
            return self._breakers[key]


PROCESS_BREAKERS = Breakers()


def is_transient(error: BaseException) -> bool:
    """Return whether another attempt to connect may succeed: the server is away, starting, full, or does not answer."""
    cause = error.__cause__ if isinstance(error, SourceError) else error
    return isinstance(cause, psycopg2.OperationalError) and not PERMANENT.search(str(cause))


def is_stall(error: BaseException) -> bool:
    """Return whether a query got no answer in time, be it that the server cancelled it or that it stayed silent."""
    return isinstance(error, (psycopg2.errors.QueryCanceled, SilentServerError))


def open_connection(
    connection: Connection,
    opener: Opener,
    policy: RetryPolicy,
    breakers: Breakers,
    *,
    stop: threading.Event,
    sleep: Callable[[float], object] | None = None,
    time_limit: TimeLimit | None = None,
) -> tuple[LimitedConnection, int]:
    """Open a connection with ``opener``, retrying transient errors. Returns it and the number of attempts.

    ``stop`` and the end of ``time_limit`` end the waiting early. Raises UnreachableError with one sentence.
    """
    breaker = breakers.of(connection)
    retrying = tenacity.Retrying(
        stop=tenacity.stop_any(tenacity.stop_after_attempt(policy.max_attempts), tenacity.stop_when_event_set(stop)),
        wait=lambda state: policy.pause(state.attempt_number),
        retry=tenacity.retry_if_exception(is_transient),
        sleep=lambda seconds: _wait(
            connection, sleep or stop.wait, min(seconds, time_limit.remaining) if time_limit else seconds, stop
        ),
        before_sleep=lambda state: logger.info("%s: attempt %d failed", connection.location, state.attempt_number),
        reraise=True,
    )
    try:
        handle: LimitedConnection = retrying(breaker.call, opener, connection)
    except pybreaker.CircuitBreakerError as error:
        message = (
            f"{connection.location} failed {breakers.fail_max} times in a row and is left alone for "
            f"{breakers.cool_down:g} s; check that the server is up."
        )
        raise UnreachableError(message, attempts=_attempts(retrying) - 1) from error
    except SourceError as error:
        raise UnreachableError(str(error), attempts=_attempts(retrying)) from error
    return handle, _attempts(retrying)


def _wait(connection: Connection, sleep: Callable[[float], object], seconds: float, stop: threading.Event) -> None:
    """Sleep before the next attempt. Raises SourceError when the pause was ended, as no attempt is wanted then."""
    sleep(seconds)
    if stop.is_set():
        raise SourceError(f"{connection.location}: the collection was stopped.")


def _attempts(retrying: tenacity.Retrying) -> int:
    return int(retrying.statistics.get("attempt_number", 1))


def _is_count(value: float) -> bool:
    return value >= 1 and value == int(value)
