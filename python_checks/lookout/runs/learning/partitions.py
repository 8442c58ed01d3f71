"""Learning in parts that fit into memory, and in several processes where there is much to learn.

A series belongs to one part, and its result does not depend on the others: any number of processes writes the same
rows. Processes are started as programs of their own, which do not import the main module of the caller.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from lookout.baseline.settings import lookback
from lookout.database.connection import Connection
from lookout.database.limits import TimeLimit
from lookout.database.runners.lease import fence_of
from lookout.database.store import Store
from lookout.errors import SourceError
from lookout.project.declarations.grain import UTC, clocks_of
from lookout.project.declarations.monitor import Monitor
from lookout.runs.learning.stored import due_until, judge_stored, take_back

FORECAST_BUCKETS = 3
BASELINE_COLUMNS = [
    "series_key", "bucket_start", "status", "observed_value", "expected_value", "lower_bound", "upper_bound",
    "warning_lower_bound", "warning_upper_bound", "scale", "sample_size", "method", "score", "severity", "reason",
    "holiday",
]  # fmt: skip
# Buckets read and judged at a time.
_CELLS = 1_000_000
# Fewer new rows are written before another process has started.
_ROWS_WORTH_A_PROCESS = 300_000
_WORKER = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
_WORKER += "from lookout.runs.learning.partitions import work; work()"


@dataclass(frozen=True)
class Part:
    """Series of one grain and zone to learn, as in ``changed_series.sql``, with the number of rows to be expected."""

    series: pd.DataFrame
    rows: int


@dataclass(frozen=True)
class Task:
    """What is the same for all parts. ``run_id`` is that of the run that holds the lease, None where there is none."""

    connection: Connection
    schema: str
    run_id: str | None
    as_of: datetime
    is_replay: bool
    windows: pd.DataFrame
    restarts: pd.DataFrame

    def learn(self, store: Store, part: Part) -> int:
        """Judge the series of a part and write their baselines. Returns the rows written."""
        series = part.series.assign(judge_until=due_until(store, part.series, self.as_of))
        judged = judge_stored(store, series, self.windows, self.restarts, as_of=self.as_of, horizon=FORECAST_BUCKETS)
        frame = judged[BASELINE_COLUMNS].assign(learned_at=self.as_of)
        frame["sample_size"] = frame["sample_size"].astype("Int64")
        rows = store.upsert("baselines", frame)
        if not self.is_replay:
            take_back(store, series, self.as_of)
        return rows


def parts_of(changed: pd.DataFrame, as_of: datetime) -> Iterator[Part]:
    """Yield the series in parts of one grain and zone that need about the same memory."""
    for clock, at in clocks_of(changed.assign(time_zone=changed["time_zone"].fillna(UTC))):
        whole = changed.iloc[at]
        since = pd.to_datetime(whole["judge_from"], utc=True).fillna(pd.Timestamp(as_of - Monitor.history))
        length = (pd.Timestamp(as_of) - since) / clock.step
        rows = length.clip(lower=0).to_numpy(dtype=np.int64) + FORECAST_BUCKETS
        series = whole.set_index("series_key")
        cells = np.cumsum(rows + int(lookback(series)[clock.grain] / clock.step))
        number = cells // _CELLS
        for one in np.unique(number):
            yield Part(series[number == one], int(rows[number == one].sum()))


def learn_parts(store: Store, task: Task, parts: Sequence[Part], processes: int, on_part: Any = None) -> int:
    """Learn all parts, in up to ``processes`` processes. Returns the rows written to ``baselines``.

    ``on_part`` is called with the grain of each part when it is done. Raises the first error of any of them.
    """
    count = min(processes, len(parts), 1 + sum(part.rows for part in parts) // _ROWS_WORTH_A_PROCESS)
    written = 0
    for part, rows in _in_processes(task, parts, count, store) if count > 1 else _here(store, task, parts):
        written += rows
        if on_part is not None:
            on_part(str(part.series["grain"].iloc[0]))
    return written


def _here(store: Store, task: Task, parts: Sequence[Part]) -> Iterator[tuple[Part, int]]:
    for part in parts:
        yield part, task.learn(store, part)


def _in_processes(task: Task, parts: Sequence[Part], count: int, store: Store) -> Iterator[tuple[Part, int]]:
    with ThreadPoolExecutor(count) as pool:
        workers = [_Worker(task, store.time_limit) for _ in range(count)]
        # As many as threads, so one is free whenever a thread looks for it.
        free = list(workers)

        def learn(part: Part) -> int:
            worker = free.pop()
            try:
                return worker.learn(part)
            finally:
                free.append(worker)

        try:
            yield from zip(parts, pool.map(learn, parts), strict=True)
        finally:
            for worker in workers:
                worker.end()


class _Worker:
    """A process that learns the parts that it is sent."""

    def __init__(self, task: Task, limit: TimeLimit) -> None:
        # In a session of its own, so that Ctrl+C reaches the run alone, which ends it.
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._send(sys.path)
        self._send((task, limit.remaining, limit.reason))

    def learn(self, part: Part) -> int:
        """Return the rows written for a part. Raises the worker's error, or SourceError when the worker is gone."""
        assert self._process.stdout is not None
        try:
            self._send(part)
            answer: int | Exception = pickle.load(self._process.stdout)
        except (OSError, EOFError) as error:
            raise SourceError(
                "A process that learned a part of the series has ended without a word, perhaps for lack of memory: "
                "run again, or allow fewer (`limits: processes` in lookout.yml)."
            ) from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    def _send(self, thing: Any) -> None:
        assert self._process.stdin is not None
        pickle.dump(thing, self._process.stdin)
        self._process.stdin.flush()


def work() -> None:
    """Learn the parts that come through standard input, and answer each with its number of rows or its error."""
    task, seconds, reason = pickle.load(sys.stdin.buffer)
    store: Store | None = None
    # The input ends with the run, and then nobody reads the answer.
    with suppress(EOFError, BrokenPipeError):
        while True:
            part = pickle.load(sys.stdin.buffer)
            answer: int | Exception
            try:
                store = store or _open(task, TimeLimit(seconds, reason))
                answer = task.learn(store, part)
            except Exception as error:  # noqa: BLE001 - raised by the run
                answer = error
            pickle.dump(answer, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def _open(task: Task, limit: TimeLimit) -> Store:
    store = Store(task.connection, task.schema, time_limit=limit)
    if task.run_id is not None:
        store.fence = fence_of(store, task.run_id)
    return store
