"""What a whole `lookout run` costs: 20 tables of 100,000 rows, 13 metrics and a contract each, first and later runs.

    python benchmarks/run_speed.py [--tables 20] [--rows 100000] [--runs 5]

Prints CPU seconds (user and system) of the client, from starting Python to the written report; CPU and not walls,
because machines that run benchmarks are rarely idle. After each run comes plain `dbt build` of the same project, which
has nothing to build: what dbt costs anyway. The last line is the ratio of the fastest of both.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import yaml
from _workbench import NOW, cpu_seconds, fill_table, project, server

from lookout.database.connection import Connection, connect

DAYS = 90
COLUMNS = {
    "id": "bigint",
    "at": "timestamptz",
    "amount": "numeric(12,2)",
    "quantity": "integer",
    "price": "double precision",
    "state": "text",
    "note": "text",
}
METRICS = [
    "row_count", "freshness", "null_rate(amount)", "mean(amount)", "min(amount)", "max(amount)", "stddev(amount)",
    "zero_rate(quantity)", "mean(quantity)", "sum(quantity)", "mean(price)", "null_rate(state)", "null_rate(note)",
]  # fmt: skip


def main() -> None:
    """Fill a warehouse, watch it, and print what each run costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=20)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with server() as (running, home):
        root = home / "shop"
        workspace = project(running, root)
        fill(workspace.home.warehouse, given.tables, given.rows, given.runs)
        declare(root, given.tables)
        print(f"{given.tables} tables of {given.rows:,} rows; load of the machine {os.getloadavg()[0]:.1f}")
        programs = Path(sys.executable).parent
        dbt = [programs / "dbt", "build", "--quiet", "--exclude", "package:lookout"]
        later, plain = [], []
        for number in range(given.runs):
            day = (NOW + timedelta(days=number)).date().isoformat()
            seconds = cpu_seconds([programs / "lookout", "run", "--quiet", "--as-of", day], root)
            plain.append(cpu_seconds(dbt, root))
            later += [seconds] if number else []
            print(f"  lookout run {number + 1}: {seconds:5.1f} s    dbt build: {plain[-1]:5.1f} s", flush=True)
        if later:
            best, least = min(later), min(plain)
            print(f"  fastest later run {best:.1f} s, {best / least:.1f} times `dbt build` ({least:.1f} s)")


def fill(warehouse: Connection, tables: int, rows: int, runs: int) -> None:
    """The tables, with rows up to the day of the last run."""
    until = NOW + timedelta(days=runs - 1)
    with closing(connect(warehouse)) as handle, handle, handle.cursor() as cursor:
        for number in range(tables):
            fill_table(cursor, f"t{number}", rows, until=until, days=DAYS)


def declare(root: Path, tables: int) -> None:
    """Every table as a source that is watched and under contract."""
    meta = {"lookout": {"timestamp_column": "at", "metrics": METRICS, "contract": "lenient"}}
    columns = [{"name": name, "data_type": kind} for name, kind in COLUMNS.items()]
    names = [f"t{number}" for number in range(tables)]
    source = {
        "name": "app",
        "schema": "public",
        "config": {"meta": meta},
        "tables": [{"name": n, "columns": columns} for n in names],
    }
    (root / "models" / "sources.yml").write_text(yaml.safe_dump({"sources": [source]}))


if __name__ == "__main__":
    main()
