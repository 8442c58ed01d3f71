"""Waiting for other threads and processes, and a clock that only the test moves: no test measures the time itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

from lookout.database.connection import Connection, connect

Found = TypeVar("Found")


def wait_until(condition: Callable[[], Found], *, attempts: int = 3000, pause: float = 0.02) -> Found:
    """Return the first true answer of ``condition``; fail when it has been asked ``attempts`` times."""
    for _ in range(attempts):
        if found := condition():
            return found
        time.sleep(pause)
    raise AssertionError(f"still not true when asked {attempts} times")


@contextmanager
def ended_by_the_test(source: Connection, relation: str) -> Iterator[list[int]]:
    """Process ids of sessions that read ``relation`` even after a minute: they are ended here, so that no test hangs."""
    ended: list[int] = []

    def end() -> None:
        query = """
            select pid, pg_terminate_backend(pid) from pg_stat_activity
            where state = 'active' and query like %s and pid <> pg_backend_pid()
        """
        with closing(connect(source)) as handle, handle, handle.cursor() as cursor:
            cursor.execute(query, (f'%"{relation}"%',))
            ended.extend(pid for pid, _ in cursor.fetchall())

    timer = threading.Timer(60, end)
    timer.start()
    try:
        yield ended
    finally:
        timer.cancel()
        timer.join()


class Clock:
    """In the place of the module `time`: ``sleep`` is recorded and moves it on, and each look moves it by ``tick``."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self.tick = 1000.0, tick
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        self.now += self.tick
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
