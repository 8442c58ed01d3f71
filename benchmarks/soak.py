"""What many runs leave behind: memory, connections, open files, temporary files and dead rows, over 200 runs.

    python benchmarks/soak.py [--runs 200] [--step 20]

One process runs a small project again and again, the clock a day further each time, rows arriving in between and a
feed failing now and then. Each line is the state after so many runs: megabytes of memory of this process, its open
files and threads, connections to the server, files in the temporary folder and in the project, megabytes of the
monitoring schema and of the catalog's tables, and the share of dead rows in them. What has to stay flat is compared at
the end: the last line against the one a quarter of the way, when caches are full. The monitoring schema itself grows,
by what the days add; `lookout prune` bounds it.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import yaml
from _workbench import NOW, project, server

from lookout.database.connection import Connection, connect
from lookout.project.workspace import open_workspace
from lookout.render.progress import Narrator
from lookout.runs.recording import new_run_id
from lookout.runs.run import run_all

TABLES = {"orders": "day", "payments": "day", "events": "hour"}
ROWS = """
    insert into {table}
    select moment + n * interval '1 minute', n, case when n %% 11 <> 0 then n * 1.5 end
    from generate_series(%(start)s, %(start)s + interval '1 day' - {step}, {step}) as moment,
        generate_series(1, case when {table_number} = 0 and extract(day from moment) = 13 then 3 else 50 end) as n
"""
SIZES = """
    select
        sum(pg_total_relation_size(relid)) filter (where schemaname = 'monitoring') / 1e6,
        sum(pg_total_relation_size(relid)) filter (where schemaname = 'pg_catalog') / 1e6,
        coalesce(sum(n_dead_tup) / nullif(sum(n_live_tup + n_dead_tup), 0), 0)
    from pg_stat_all_tables where schemaname in ('monitoring', 'pg_catalog')
"""


class State(NamedTuple):
    """The state after a number of runs; sizes are megabytes."""

    memory: float
    files: int
    threads: int
    connections: int
    temporary: int
    written: int
    schema: float
    catalog: float
    dead: float


def main() -> None:
    """Run, look, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--step", type=int, default=20)
    given = parser.parse_args()
    with server() as (running, home):
        # A folder of its own, where nobody else's files come and go.
        tempfile.tempdir = str(home / "tmp")
        Path(tempfile.tempdir).mkdir()
        root = home / "shop"
        workspace = project(running, root)
        warehouse = workspace.home.warehouse
        declare(root)
        with closing(connect(warehouse)) as handle, handle, handle.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"create table {table} (at timestamptz, id int, amount numeric)")
        arrive(warehouse, NOW - timedelta(days=60), days=60)
        print("runs  seconds  " + "  ".join(f"{name:>11}" for name in State._fields))
        states, started = [], time.monotonic()
        for number in range(1, given.runs + 1):
            clock = NOW + timedelta(days=number)
            arrive(warehouse, clock - timedelta(days=1), days=1)
            run_all(open_workspace(root, as_of=clock), Narrator(quiet=True), run_id=new_run_id())
            if number % given.step == 0:
                states.append(look(warehouse, root))
                shown = "  ".join(f"{value:11.2f}" for value in states[-1])
                print(f"{number:4}  {(time.monotonic() - started) / given.step:7.1f}  {shown}", flush=True)
                started = time.monotonic()
        early, late = states[len(states) // 4], states[-1]
        ratios = ", ".join(
            f"{n} {b / a if a else float(b == 0):.2f}" for n, a, b in zip(State._fields, early, late, strict=True)
        )
        print(f"\nThe last against the one a quarter of the way: {ratios}")


def declare(root: Path) -> None:
    """Watch the three tables."""
    tables = [
        {
            "name": name,
            "config": {
                "meta": {
                    "lookout": {
                        "timestamp_column": "at",
                        "grain": grain,
                        "metrics": ["row_count", "freshness", "null_rate(amount)"],
                    }
                }
            },
        }
        for name, grain in TABLES.items()
    ]
    content = {"version": 2, "sources": [{"name": "shop", "schema": "public", "tables": tables}]}
    (root / "models" / "sources.yml").write_text(yaml.safe_dump(content, sort_keys=False))


def arrive(warehouse: Connection, start: datetime, *, days: int) -> None:
    """Rows of so many days; the first table lacks most of them on the thirteenth of a month."""
    with closing(connect(warehouse)) as handle, handle, handle.cursor() as cursor:
        for day in range(days):
            for number, (table, grain) in enumerate(TABLES.items()):
                step = f"interval '1 {grain}'"
                cursor.execute(
                    ROWS.format(table=table, step=step, table_number=number), {"start": start + timedelta(days=day)}
                )


def look(warehouse: Connection, root: Path) -> State:
    """Return the state of this process, of the server and of the folders."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (memory,) = (int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))
    with closing(connect(warehouse)) as handle, handle, handle.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
        (connections,) = cursor.fetchone()
        cursor.execute(SIZES)
        schema, catalog, dead = (float(value) for value in cursor.fetchone())
    temporary = sum(1 for _ in Path(tempfile.gettempdir()).iterdir())
    written = sum(1 for path in root.rglob("*") if path.is_file() and "dbt_packages" not in path.parts)
    files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return State(memory, files, threading.active_count(), connections, temporary, written, schema, catalog, dead)


if __name__ == "__main__":
    main()
