"""From observations in the database to alerts in the database, for the newest bucket of many series.

    python benchmarks/newest_bucket_speed.py [--series 2000] [--days 180] [--once]

Prints the seconds of each part: COPY of the new observations; then, from observations in the database to alerts in the
database, judging by the forecasts and learning what they do not clear, and dbt deriving the alerts. After them, what a
run does besides: learning the rest, and deriving everything else (scorecard, timeliness, contracts, lineage). Then the
same with twice the history, because the cost has to grow with new buckets and not with stored ones, and the ratio of
both. Storing and learning the history first takes minutes: the targets are for --series 10000, and for --series 100000
--days 30 --once.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from _workbench import NOW, project, server

from lookout.cli.main import GARBAGE_THRESHOLDS
from lookout.database.embedded import EmbeddedServer
from lookout.project.declarations.monitor import series_key
from lookout.runs.landing import LANDING, ensure_landing
from lookout.runs.learning import learn as learning
from lookout.runs.recording import new_run_id, recorded_run
from lookout.runs.steps import MONITORING

LAST = NOW
# What depends on the clock between baselines and alerts.
CLOCKED = ("asset_status", "alert_candidates", "alerts")
ALERTS = ["run", "--select", *(f"fqn:lookout.monitoring.alerts.{name}" for name in CLOCKED)]
EVERYTHING = ["run", "--select", MONITORING, "--exclude", f"tag:{LANDING}"]


def main() -> None:
    """Build a project and a warehouse in a temporary folder, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--once", action="store_true", help="Leave out the second measurement with twice the history.")
    given = parser.parse_args()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    with server() as (running, home):
        totals = [
            measure(running, home / f"project{days}", given.series, days)
            for days in ([given.days] if given.once else [given.days, 2 * given.days])
        ]
    if not given.once:
        print(f"\nTwice the history takes {totals[1] / totals[0]:.2f} times as long, observations to alerts")


def measure(running: EmbeddedServer, root: Path, series: int, days: int) -> float:
    """Store ``days`` days of ``series`` series, learn them, then measure one more day: seconds up to its alerts."""
    print(f"\n{series:,} daily series, {days} days stored; load of the machine {os.getloadavg()[0]:.1f}")
    workspace = project(running, root)
    ensure_landing(workspace)
    monitors, observations = invented(series, days)
    with recorded_run(workspace, "bench", new_run_id()) as run:
        run.store.upsert("monitors", monitors.assign(batch_number=1))
        with timed("store the history"):
            run.store.upsert(
                "metric_observations", observations.iloc[:-series].assign(observed_at=LAST, batch_number=1)
            )
        with timed("learn the history"):
            learning.learn(run)
        # What autovacuum would have done by tomorrow.
        run.store.execute("analyze")
    workspace.home.project.build(EVERYTHING)
    workspace.home.project.as_of = workspace.as_of = LAST + timedelta(days=1)
    new = observations.iloc[-series:].assign(observed_at=LAST)
    del observations
    with recorded_run(workspace, "bench", new_run_id()) as run:
        with timed("store the observations"):
            run.store.upsert("metric_observations", new.assign(batch_number=run.batch_number))
        with timed("newest bucket, observations to alerts") as whole:
            with timed("  judge by forecast, learn the loud"):
                plan = learning.learn_first(run)
            with timed("  derive the alerts (dbt)"):
                workspace.home.project.build(ALERTS, keep_artifacts=False)
        found = run.store.query("select count(*) as n from {schema}.alerts where status = 'open'")
        print(f"  {len(plan.learned):,} series learned at once, {int(found['n'][0]):,} alerts open")
        with timed("afterwards: learn the rest"):
            rest = learning.learn_rest(run, plan)
        with timed("afterwards: derive again" if rest.is_news else "afterwards: no alert has changed"):
            if rest.is_news:
                workspace.home.project.build(ALERTS, keep_artifacts=False)
        with timed("afterwards: derive everything"):
            workspace.home.project.build(EVERYTHING, keep_artifacts=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {plan.rows + rest.rows:,} baseline rows written, peak {peak:,.0f} MB")
    return whole[0]


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
def timed(what: str) -> Iterator[list[float]]:
    """Print how long the block took; the list holds the seconds afterwards."""
    seconds: list[float] = []
    began = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - began)
    print(f"  {what:<38} {seconds[0]:7.2f} s", flush=True)


if __name__ == "__main__":
    main()
