"""Episodes as a person would write them down, bucket by bucket, against what the SQL finds with a few looks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.project.declarations.monitor import series_key
from lookout.project.workspace import Workspace, open_workspace
from lookout.runs.landing import ensure_landing
from lookout.runs.recording import new_run_id, recorded_run
from tests.conftest import MONITORING, Observed

SERIES, BUCKETS = 60, 50
CLOCK = pd.Timestamp("2026-03-01", tz="UTC")
STEP = {"day": pd.Timedelta(days=1), "hour": pd.Timedelta(hours=1)}
SILENCE: dict[str, float | None] = {"row_count": 0.0, "freshness": 100_000.0, "mean": None}


@pytest.fixture
def workspace(observed: Observed) -> Workspace:
    observed.declare({"orders": {"timestamp_column": "at"}})
    workspace = open_workspace(observed.root, as_of=CLOCK.to_pydatetime())
    workspace.parse()
    return workspace


def invented(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Watched series, and rows of baselines with all that makes an episode difficult."""
    monitors, rows = [], []
    for number in range(SERIES):
        metric, grain = list(SILENCE)[number % 3], "hour" if number % 4 == 0 else "day"
        key = series_key("shop", f"public.t{number}", "", metric, grain)
        monitors.append(
            {
                "series_key": key,
                "connection": "shop",
                "asset": f"public.t{number}",
                "column_name": "",
                "metric": metric,
                "kind": "count",
                "grain": grain,
                "alert_from": ["critical", "warning"][number % 2],
                "is_active": True,
            }
        )
        loud, restless, is_silent = rng.uniform(0.02, 0.5), rng.uniform(0, 0.4), False
        # The last bucket is not over yet.
        for start in CLOCK - STEP[grain] * np.arange(BUCKETS, -1, -1):
            is_silent ^= bool(rng.random() < restless)
            rows.append(
                {
                    "series_key": key,
                    "bucket_start": start,
                    "status": rng.choice(["judged", "learning"], p=[0.9, 0.1]),
                    "observed_value": SILENCE[metric] if is_silent else 20.0,
                    "score": 1.0,
                    "learned_at": CLOCK,
                    "severity": rng.choice(["", "warning", "critical"], p=[1 - loud, loud / 2, loud / 2]),
                }
            )
    return pd.DataFrame(monitors), pd.DataFrame(rows)


def episodes(monitor: dict[str, Any], rows: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Start, end, severity and openness of a series' episodes."""
    found: list[dict[str, Any]] = []
    is_open = was_alarmed_by_silence = False
    for row in rows.sort_values("bucket_start").to_dict("records"):
        end = row["bucket_start"] + STEP[monitor["grain"]]
        if row["status"] != "judged" or end > CLOCK:
            continue
        is_silent = row["observed_value"] != 20.0
        alerts = row["severity"] == "critical" or row["severity"] == monitor["alert_from"]
        was_alarmed_by_silence = is_silent and (alerts or was_alarmed_by_silence)
        if not (alerts or was_alarmed_by_silence):
            is_open = False
            continue
        if not is_open:
            found.append({"start": row["bucket_start"], "severity": "warning"})
        is_open = True
        found[-1]["end"] = end
        if row["severity"] == "critical":
            found[-1]["severity"] = "critical"
    return [(monitor["series_key"], e["start"], e["end"], e["severity"], is_open and e is found[-1]) for e in found]


@pytest.mark.parametrize("seed", [1, 2])
def test_episodes_are_those_that_a_person_finds(observed: Observed, workspace: Workspace, seed: int) -> None:
    monitors, rows = invented(np.random.default_rng(seed))
    with recorded_run(workspace, "learn", new_run_id()) as run:
        run.store.upsert("monitors", monitors)
        run.store.upsert("baselines", rows.astype({"observed_value": "float64"}))
        outcome = workspace.home.project.build(["run", "--select", "fqn:lookout.monitoring.alerts.*"])
        assert outcome.success, "\n".join(outcome.failures)
        found = run.store.query(
            "select series_key, window_start, window_end, severity, is_open from {schema}.alert_candidates "
            "where series_key is not null order by 1, 2"
        )
    by_series = dict(list(rows.groupby("series_key")))
    expected = [
        e
        for m in monitors.to_dict("records")
        for e in episodes({str(k): v for k, v in m.items()}, by_series[m["series_key"]])
    ]
    assert len(expected) > 100
    assert sorted(expected) == [tuple(row) for row in found.to_numpy().tolist()]


def test_an_index_that_a_newer_version_adds_is_made(observed: Observed, workspace: Workspace) -> None:
    def by_severity() -> list[tuple[Any, ...]]:
        return observed.sql(
            "select indexname from pg_indexes where schemaname = %s and indexdef like %s",
            (MONITORING, "%baselines%(status, severity)"),
            at="observed",
        )

    ((name,),) = by_severity()
    observed.sql(f'drop index {MONITORING}."{name}"', at="observed")
    assert ensure_landing(workspace) is False
    assert len(by_severity()) == 1
