"""Resiliency test records as an application team would send them, a delivery a day; a seed repeats the same days.

Durations, in milliseconds: passed tests 100 to 5,000, failed tests 1,000 to 30,000. With ``long_outages`` two failures
in a hundred last 5 to 480 minutes instead; without them no recovery objective would be missed.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone

import numpy as np
import numpy.typing as npt
import pandas as pd
import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from lookout.database.connection import clean_message
from lookout.errors import ConfigError, SourceError

SCENARIOS = (
    "Database Failover",
    "Network Latency",
    "Service Restart",
    "Memory Pressure",
    "CPU Spike",
    "Dependency Timeout",
)
ERROR_MESSAGES = (
    "Connection refused by replica",
    "Health check did not answer in time",
    "Failover did not complete",
    "Process killed: out of memory",
    "Retries exhausted",
    "Circuit breaker stayed open",
)
COLUMNS = (
    "batch_id",
    "received_at",
    "app_id",
    "scenario_id",
    "scenario_name",
    "start_time",
    "end_time",
    "duration_ms",
    "status",
    "error_message",
    "metadata_json",
)
MILLISECONDS_A_DAY = 86_400_000
MILLISECONDS_A_MINUTE = 60_000
LONG_OUTAGE_SHARE = 0.02
LONG_OUTAGE_MINUTES = (5, 480)
PASSED_MS = (100, 5_000)
FAILED_MS = (1_000, 30_000)
# The delivery of a day is complete a quarter of an hour after midnight UTC.
DELIVERY_DELAY = timedelta(days=1, minutes=15)
NULL_MARKER = r"\N"

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


def generate(
    *,
    seed: int,
    first_day: date,
    days: int,
    tests_per_day: int = 50,
    pass_rate: float = 0.85,
    long_outages: bool = True,
    dirty_rate: float = 0.002,
    apps: int = 5,
) -> pd.DataFrame:
    """Return ``days * tests_per_day`` records of the days from ``first_day`` on, in the columns of the raw table.

    Each day has its own random stream, so ten days are the first ten of twenty. Applications are numbered from 1 and
    get equally many tests; every test starts at its own millisecond of the UTC day. ``pass_rate`` and ``dirty_rate``
    are shares from 0 to 1; a dirty record is one that staging rejects, merges or cannot match. Values are text as
    received, None where nothing was sent; ``received_at`` is a UTC timestamp.

    Raises ConfigError when an argument is out of range.
    """
    _check(seed, days, tests_per_day, pass_rate, dirty_rate, apps)
    frames = [
        _day(seed, first_day + timedelta(days=offset), tests_per_day, pass_rate, long_outages, dirty_rate, apps)
        for offset in range(days)
    ]
    if not frames:
        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    return pd.concat(frames, ignore_index=True)


def load(connection: psycopg2.extensions.connection, frame: pd.DataFrame, schema: str, table: str) -> int:
    """Append the records whose batch the table does not hold yet, in one transaction; return how many were added.

    Appends from several processes wait for each other, so a batch enters once and rows are numbered in commit order.
    Raises SourceError when the table is missing or refuses the rows; nothing is then added.
    """
    target = sql.Identifier(schema, table)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL("lock table {} in share row exclusive mode").format(target))
            batches = [str(batch) for batch in frame["batch_id"].unique()]
            cursor.execute(
                sql.SQL("select distinct batch_id from {} where batch_id = any(%s)").format(target), [batches]
            )
            known = {row[0] for row in cursor.fetchall()}
            fresh = frame[~frame["batch_id"].isin(known)]
            if fresh.empty:
                return 0
            copy = sql.SQL("copy {} ({}) from stdin with (format csv, null {})").format(
                target, sql.SQL(", ").join(map(sql.Identifier, frame.columns)), sql.Literal(NULL_MARKER)
            )
            buffer = io.StringIO(fresh.to_csv(index=False, header=False, na_rep=NULL_MARKER))
            cursor.copy_expert(copy.as_string(connection), buffer)
            return len(fresh)
    except psycopg2.errors.UndefinedTable as error:
        raise SourceError(f"There is no table {schema}.{table} to load into: run `dbt build` first.") from error
    except psycopg2.Error as error:
        raise SourceError(f"Cannot load records into {schema}.{table}: {clean_message(error)}") from error


def _check(seed: int, days: int, tests_per_day: int, pass_rate: float, dirty_rate: float, apps: int) -> None:
    rules = (
        ("seed", seed, seed >= 0, "0 or more"),
        ("days", days, days >= 0, "0 or more"),
        ("tests_per_day", tests_per_day, 0 <= tests_per_day <= MILLISECONDS_A_DAY, f"0 to {MILLISECONDS_A_DAY}"),
        ("pass_rate", pass_rate, 0 <= pass_rate <= 1, "0 to 1"),
        ("dirty_rate", dirty_rate, 0 <= dirty_rate <= 1, "0 to 1"),
        ("apps", apps, apps >= 1, "1 or more"),
    )
    for name, value, holds, allowed in rules:
        if not holds:
            raise ConfigError(f"{name} of the resiliency generator is {value}: give a number of {allowed}.")


def _day(
    seed: int, day: date, tests: int, pass_rate: float, long_outages: bool, dirty_rate: float, apps: int
) -> pd.DataFrame:
    rng = np.random.default_rng([seed, day.toordinal()])
    start = np.sort(rng.choice(MILLISECONDS_A_DAY, size=tests, replace=False, shuffle=False)).astype(np.int64)
    app_id = rng.permutation(np.arange(tests) % apps) + 1
    scenario = np.asarray(SCENARIOS, dtype=object)[rng.integers(0, len(SCENARIOS), tests)]
    passed = rng.random(tests) < pass_rate
    duration = _durations(rng, passed, long_outages)
    message = np.asarray(ERROR_MESSAGES, dtype=object)[rng.integers(0, len(ERROR_MESSAGES), tests)]
    metadata = _metadata(rng, tests)
    message[passed] = metadata[passed] = None
    frame = pd.DataFrame(
        {
            "batch_id": f"resiliency-{day.isoformat()}",
            "received_at": pd.Timestamp(datetime.combine(day, time(), timezone.utc) + DELIVERY_DELAY),
            "app_id": app_id.astype(str).astype(object),
            "scenario_id": None,
            "scenario_name": scenario,
            "start_time": _iso(day, start),
            "end_time": _iso(day, start + duration),
            "duration_ms": duration.astype(str).astype(object),
            "status": np.where(passed, "passed", "failed").astype(object),
            "error_message": message,
            "metadata_json": metadata,
        },
        columns=list(COLUMNS),
    )
    dirty = np.flatnonzero(rng.random(tests) < dirty_rate)
    return _add_defects(frame, dirty, rng.integers(0, len(DEFECTS), len(dirty)))


def _durations(rng: np.random.Generator, passed: Booleans, long_outages: bool) -> Integers:
    """Return durations in milliseconds; bounds are inclusive. No draw depends on the result of another."""
    size = len(passed)
    quick = rng.integers(PASSED_MS[0], PASSED_MS[1], size, endpoint=True)
    slow = rng.integers(FAILED_MS[0], FAILED_MS[1], size, endpoint=True)
    low, high = (minutes * MILLISECONDS_A_MINUTE for minutes in LONG_OUTAGE_MINUTES)
    outage = rng.integers(low, high, size, endpoint=True)
    is_long = (rng.random(size) < LONG_OUTAGE_SHARE) & long_outages
    return np.where(passed, quick, np.where(is_long, outage, slow)).astype(np.int64)


def _metadata(rng: np.random.Generator, size: int) -> npt.NDArray[np.object_]:
    regions = ("eu-west", "us-east", "ap-south")
    choices = [json.dumps({"region": region, "retries": retries}) for region in regions for retries in range(4)]
    return np.asarray(choices, dtype=object)[rng.integers(0, len(choices), size)]


def _iso(day: date, offset_ms: Integers) -> npt.NDArray[np.object_]:
    moments = np.datetime64(day, "ms") + offset_ms.astype("timedelta64[ms]")
    return np.char.add(np.datetime_as_string(moments, unit="ms"), "Z").astype(object)


def _add_defects(frame: pd.DataFrame, rows: npt.NDArray[np.intp], kinds: Integers) -> pd.DataFrame:
    """Give each of ``rows`` the defect of its kind, by a loop over the few kinds."""
    for kind, (column, defect) in enumerate(DEFECTS):
        chosen = rows[kinds == kind]
        frame.loc[chosen, column] = frame.loc[chosen, column].map(defect)
    # A record sent twice replaces its neighbour, so that the day keeps its number of records.
    repeated = rows[(kinds == REPEATED) & (rows > 0)]
    frame.loc[repeated] = frame.loc[repeated - 1].to_numpy()
    return frame


def _constant(value: str | None) -> Callable[[str], str | None]:
    return lambda _: value


DEFECTS: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("app_id", _constant(None)),
    ("app_id", _constant("0")),
    ("app_id", _constant("999")),
    ("start_time", _constant("31/02/2025 25:61")),
    ("duration_ms", _constant("-1")),
    ("duration_ms", _constant("0")),
    ("status", _constant(None)),
    ("status", _constant("unknown")),
    ("scenario_name", _constant("Power Cut")),
    ("scenario_name", lambda name: f"  {name.upper()} "),
    ("batch_id", lambda batch: batch),
)
REPEATED = len(DEFECTS) - 1
