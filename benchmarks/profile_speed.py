"""How fast a table is profiled: one pass against one query a metric, and the newest day through a BRIN index.

    python benchmarks/profile_speed.py [--rows 1000000] [--url postgresql://...]

Without a URL it starts an embedded PostgreSQL in a temporary folder and removes it afterwards.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from _workbench import database, fill_table

from lookout.database.connection import Connection, connect
from lookout.profiling.collect import collect
from lookout.profiling.query import ProfileRequest
from lookout.project.declarations.monitor import Metric, Monitor

AS_OF = datetime(2026, 6, 30, 12, tzinfo=timezone.utc)
DAYS = 180
TABLE = "lookout_profile_speed"
NUMBERS = ("amount", "quantity", "price")
METRICS = (
    Metric("row_count", "count"),
    Metric("freshness", "positive"),
    *(Metric("null_rate", "rate", name) for name in ("id", *NUMBERS, "state", "note")),
    *(Metric(name, "real", column) for name in ("mean", "min", "max", "sum", "stddev") for column in ("id", *NUMBERS)),
    *(Metric(name, "rate", column) for name in ("zero_rate", "negative_rate") for column in NUMBERS),
)


def profile(connection: Connection, metrics: Sequence[Metric], since: datetime) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds of this process and rows read of one collection."""
    monitor = Monitor(connection.name, "public", TABLE, "at", "day", tuple(metrics))
    wall, cpu = time.perf_counter(), time.process_time()
    (outcome,) = collect([ProfileRequest(monitor, since)], {connection.name: connection}, as_of=AS_OF)
    if outcome.status != "ok":
        raise SystemExit(outcome.message)
    return time.perf_counter() - wall, time.process_time() - cpu, outcome.rows_profiled or 0


def main() -> None:
    """Print the figures, one a line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--url")
    arguments = parser.parse_args()
    with database(arguments.url) as found:
        connection = replace(found, name="benchmark")
        with closing(connect(connection)) as handle:
            handle.autocommit = True
            with handle.cursor() as cursor:
                cursor.execute("drop table if exists lookout_profile_speed")
                fill_table(cursor, TABLE, arguments.rows, until=AS_OF, days=DAYS)
                cursor.execute("create index on lookout_profile_speed using brin (at)")
                cursor.execute("vacuum analyze lookout_profile_speed")
                cursor.execute("select version()")
                (version,) = cursor.fetchone() or ("",)
        print(
            f"{str(version).split(' on ')[0]}, {os.cpu_count()} cores, {platform.machine()}; {arguments.rows} rows "
            f"of 7 columns, {DAYS} days, {len(METRICS)} metrics"
        )
        start = AS_OF - timedelta(days=DAYS + 1)
        passes = [profile(connection, METRICS, start) for _ in range(3)]
        one, cpu, rows = min(passes)
        separate = sum(profile(connection, [metric], start)[0] for metric in METRICS)
        newest, newest_cpu, newest_rows = min(profile(connection, METRICS, AS_OF - timedelta(days=1)) for _ in range(3))
        volume = min(profile(connection, METRICS[:2], start) for _ in range(3))[0]
        print(f"all metrics, one pass      {one:8.3f} s  {rows / one:12,.0f} rows/s  client CPU {cpu:.3f} s")
        print(f"all metrics, one by one    {separate:8.3f} s  {separate / one:.1f} times as long")
        print(f"row_count and freshness    {volume:8.3f} s")
        print(f"newest day through BRIN    {newest:8.3f} s  {newest_rows} rows  client CPU {newest_cpu:.3f} s")


if __name__ == "__main__":
    main()
