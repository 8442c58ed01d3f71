"""From observations in the database to alerts in the database, for the newest bucket of many series.

    python benchmarks/newest_bucket_speed.py [--series 2000] [--days 180]

Prints the seconds of each part: COPY of the new observations, learning (read, judge, write), and dbt deriving the
alerts; and the same with twice the history, because the cost has to grow with new buckets and not with stored ones.
Storing and learning the history first takes minutes: the targets are for --series 10000.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from python_checks import learning, steps
from python_checks.monitors import series_key
from python_checks.server import EmbeddedServer
from python_checks.workspace import Workspace, open_workspace

ROOT = Path(__file__).resolve().parent.parent
LAST = datetime(2026, 7, 1, tzinfo=timezone.utc)
ALERTS = ["run", "--select", "fqn:lookout.monitoring.alerts.*"]


def main() -> None:
    """Build a project and a warehouse in a temporary folder, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=180)
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="lookout-bench-"))
    home.chmod(0o755)
    server = EmbeddedServer(home / "server").start()
    try:
        for days in (given.days, 2 * given.days):
            measure(server, home / f"project{days}", given.series, days)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def measure(server: EmbeddedServer, root: Path, series: int, days: int) -> None:
    """Store ``days`` days of ``series`` series, learn them, then measure one more day."""
    print(f"\n{series:,} daily series, {days} days stored")
    workspace = project(server, root)
    steps.ensure_landing(workspace)
    monitors, observations = invented(series, days)
    with steps.recorded_run(workspace, "bench", steps.new_run_id()) as run:
        run.store.upsert("monitors", monitors.assign(batch_number=1))
        with timed("store the history"):
            run.store.upsert(
                "metric_observations", observations.iloc[:-series].assign(observed_at=LAST, batch_number=1)
            )
        with timed("learn the history"):
            learning.learn(run)
    workspace.project.build(ALERTS)
    workspace.project.as_of = workspace.as_of = LAST + timedelta(days=1)
    with steps.recorded_run(workspace, "bench", steps.new_run_id()) as run, timed("newest bucket, all of it"):
        with timed("  store the observations"):
            new = observations.iloc[-series:].assign(observed_at=LAST, batch_number=run.batch_number)
            run.store.upsert("metric_observations", new)
        with timed("  learn"):
            rows = learning.learn(run)
        with timed("  derive the alerts (dbt)"):
            workspace.project.build(ALERTS, keep_artifacts=False)
        found = run.store.query("select count(*) as n from {schema}.alerts where status = 'open'")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {rows:,} baseline rows written, {int(found['n'][0]):,} alerts open, peak {peak:,.0f} MB")


def project(server: EmbeddedServer, root: Path) -> Workspace:
    """An empty dbt project with Lookout as its package, and a database of its own."""
    (root / "models").mkdir(parents=True)
    database = server.create_database(root.name)
    output = {"type": "postgres", "schema": "public", "threads": 1, "password": "", **database.parameters}
    (root / "profiles.yml").write_text(yaml.safe_dump({"bench": {"target": "bench", "outputs": {"bench": output}}}))
    (root / "dbt_project.yml").write_text("name: bench\nversion: 1.0.0\nprofile: bench\nmodel-paths: [models]\n")
    (root / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(ROOT)}]}))
    from dbt.cli.main import dbtRunner

    dbtRunner().invoke(["deps", "--project-dir", str(root), "--profiles-dir", str(root), "--quiet"])
    workspace = open_workspace(root, as_of=LAST)
    workspace.parse()
    return workspace


def invented(series: int, days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Row counts with a weekly rhythm and noise; the newest bucket of one series in a thousand is a tenth."""
    rng = np.random.default_rng(1)
    keys = [series_key("bench", f"public.table_{n}", "", "row_count", "day") for n in range(series)]
    starts = pd.date_range(end=LAST, periods=days + 1, freq="D")
    level = rng.uniform(200, 20_000, series) * np.where(starts.dayofweek.to_numpy()[:, None] >= 5, 0.3, 1.0)
    values = np.round(level * rng.normal(1.0, 0.05, (days + 1, series)))
    values[-1, ::1000] = np.round(values[-1, ::1000] / 10)
    common = {"connection": "bench", "column_name": "", "metric": "row_count", "kind": "count", "grain": "day"}
    tables = [f"public.table_{n}" for n in range(series)]
    monitors = pd.DataFrame(
        {"series_key": keys, "asset": tables, "alert_from": "critical", "is_active": True, **common}
    )
    observations = pd.DataFrame(
        {
            "series_key": np.tile(keys, days + 1),
            "asset": np.tile(tables, days + 1),
            "bucket_start": np.repeat(starts, series),
            "value": values.ravel(),
            **common,
        }
    )
    return monitors, observations


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    began = time.perf_counter()
    yield
    print(f"  {what:<32} {time.perf_counter() - began:7.2f} s", flush=True)


if __name__ == "__main__":
    main()
