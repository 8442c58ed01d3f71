"""Executions of pipelines as series for the learner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.baseline.judge import judge
from lookout.database.connection import Connection
from lookout.database.store import Store
from lookout.project.declarations.monitors import MONITOR_COLUMNS
from lookout.tracking.executions.series import COLUMNS, CONNECTION, grain_of, pipeline_series
from lookout.tracking.model import pipeline_id
from tests.conftest import MONITORING, Observed

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=timezone.utc)
TODAY = NOW.replace(hour=0, minute=0)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class ExecutionStore:
    """Pipelines and executions in the landing tables."""

    def __init__(self, connection: Connection) -> None:
        self.store = Store(connection, MONITORING)

    def pipeline(self, name: str, **settings: Any) -> None:
        row = {
            "pipeline_id": pipeline_id(name),
            "name": name,
            "pipeline_type": "script",
            "node_id": "",
            "owner": "ana",
            "mute_freshness_check": False,
            "mute_timeliness_check": False,
            "load_lineage": False,
            "active": True,
            **settings,
        }
        self.store.upsert("pipelines", pd.DataFrame([row]))

    def ran(self, name: str, starts: list[datetime], seconds: float | list[float] = 60.0, **settings: Any) -> None:
        length = np.broadcast_to(seconds, len(starts)).astype(float)
        frame = pd.DataFrame({"start_date": pd.to_datetime(starts, utc=True), "elapsed_seconds": length})
        frame = frame.assign(
            execution_id=[f"{name} {start.isoformat()}" for start in starts],
            pipeline_id=pipeline_id(name),
            date_recorded=frame["start_date"].dt.date,
            hour_recorded=frame["start_date"].dt.hour,
            end_date=frame["start_date"] + pd.to_timedelta(length, unit="s"),
            completed_successfully=True,
            status="success",
        )
        self.store.upsert("pipeline_executions", frame.assign(**settings))

    def series(
        self, as_of: datetime = NOW, since: datetime | None = None, *, store: bool = False
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        monitors, observations = pipeline_series(self.store, as_of, since)
        if store:
            self.store.upsert("monitors", monitors.assign(batch_number=1))
            self.store.upsert("metric_observations", observations.assign(observed_at=as_of, batch_number=1))
        return monitors, observations

    def values(self, name: str, metric: str, **settings: Any) -> pd.Series[float]:
        _, found = self.series(**settings)
        found = found[(found["asset"] == name) & (found["metric"] == metric)]
        return found.set_index("bucket_start")["value"]


def daily(days: int, *, until: datetime = TODAY, hour: int = 3) -> list[datetime]:
    """Starts at one hour of each of the days before a day."""
    return [until - n * DAY + hour * HOUR for n in range(days, 0, -1)]


@pytest.fixture(scope="module")
def connection(observed_project: Observed) -> Connection:
    observed_project.reset("observed_template")
    return observed_project.warehouse


@pytest.fixture
def execution_store(connection: Connection) -> Iterator[ExecutionStore]:
    execution_store = ExecutionStore(connection)
    for table in ("pipelines", "pipeline_executions", "monitors", "metric_observations"):
        execution_store.store.execute(f"truncate {{schema}}.{table}")
    yield execution_store
    execution_store.store.close()


def test_what_is_learned_of_a_pipeline(execution_store: ExecutionStore) -> None:
    execution_store.pipeline("nightly")
    execution_store.ran("nightly", daily(30), [60.0] * 29 + [120.0], total_rows=600, inserts=600)
    execution_store.ran("nightly", daily(1, hour=5), 30.0, completed_successfully=False, status="failed", total_rows=7)
    execution_store.ran("nightly", daily(1, hour=6), 0.1, completed_successfully=False, status="skipped")
    # Today's bucket is not over.
    execution_store.ran("nightly", [TODAY + 3 * HOUR], 60.0, total_rows=1)
    monitors, observations = execution_store.series()
    assert tuple(monitors.columns) == MONITOR_COLUMNS
    assert tuple(observations.columns) == COLUMNS
    by_metric = monitors.set_index("metric")
    assert {(m, r["kind"], r["direction"], r["grain"]) for m, r in by_metric.iterrows()} == {
        ("executions", "count", "down", "day"),
        ("duration_seconds", "positive", "up", "day"),
        ("total_rows", "count", "both", "day"),
        ("throughput", "positive", "down", "day"),
    }
    assert set(monitors["layer"]) == {"pipeline"}
    assert (set(monitors["connection"]), set(monitors["owner"])) == ({CONNECTION}, {"ana"})
    newest = observations[observations["bucket_start"] == pd.Timestamp(TODAY - DAY)].set_index("metric")["value"]
    assert newest.to_dict() == {"executions": 2, "duration_seconds": 120, "total_rows": 600, "throughput": 5}
    assert observations["bucket_start"].max() == pd.Timestamp(TODAY - DAY)
    assert set(observations["series_key"]) == set(monitors["series_key"])
    # The landing tables take both frames as they are.
    execution_store.series(store=True)


@pytest.mark.parametrize(
    ("name", "settings", "starts", "seconds", "expected"),
    [
        ("rare", {}, daily(19), 60.0, set()),
        ("long ago", {}, daily(40, until=TODAY - 60 * DAY), 60.0, set()),
        ("quick", {}, daily(30), 0.06, {"executions"}),
        ("inactive", {"active": False}, daily(30), 60.0, set()),
        ("test.shop.unique", {"node_id": "test.shop.unique"}, daily(30), 60.0, set()),
        ("model.shop.orders", {"node_id": "model.shop.orders"}, daily(30), 60.0, {"duration_seconds"}),
    ],
)
def test_which_pipelines_are_learned(
    execution_store: ExecutionStore,
    name: str,
    settings: dict[str, Any],
    starts: list[datetime],
    seconds: float,
    expected: set[str],
) -> None:
    execution_store.pipeline(name, **settings)
    execution_store.ran(name, starts, seconds)
    assert set(execution_store.series()[0]["metric"]) == expected


def test_no_pipelines_is_no_series(execution_store: ExecutionStore) -> None:
    monitors, observations = execution_store.series()
    assert (len(monitors), len(observations)) == (0, 0)
    assert (tuple(monitors.columns), tuple(observations.columns)) == (MONITOR_COLUMNS, COLUMNS)


def test_a_run_that_never_began_is_a_missing_bucket(execution_store: ExecutionStore) -> None:
    execution_store.pipeline("nightly")
    execution_store.ran("nightly", daily(30)[:-3])
    values = execution_store.values("nightly", "executions")
    assert values.index.min() == pd.Timestamp(TODAY - 30 * DAY)
    assert values.isna().tolist() == [False] * 27 + [True] * 3
    assert execution_store.values("nightly", "duration_seconds").index.max() == pd.Timestamp(TODAY - 4 * DAY)
    # Known once, it is not forgotten when it no longer runs.
    execution_store.series(store=True)
    much_later = NOW + 100 * DAY
    assert "executions" in set(execution_store.series(much_later, NOW)[0]["metric"])
    assert execution_store.values("nightly", "executions", as_of=much_later, since=NOW).isna().all()


def test_known_series_are_read_on_and_new_ones_from_their_beginning(execution_store: ExecutionStore) -> None:
    execution_store.pipeline("old")
    execution_store.ran("old", daily(30))
    execution_store.series(NOW - 2 * DAY, store=True)
    execution_store.pipeline("new")
    execution_store.ran("new", daily(30))
    found = execution_store.series(since=NOW - 2 * DAY)[1].groupby("asset")["bucket_start"].min()
    assert found.to_dict() == {"new": pd.Timestamp(TODAY - 30 * DAY), "old": pd.Timestamp(TODAY - 5 * DAY)}
    # A pipeline that was quick becomes slow: its durations are told from the beginning.
    execution_store.pipeline("quick")
    execution_store.ran("quick", daily(30)[:-1], 1.0)
    execution_store.series(NOW - DAY, store=True)
    execution_store.ran("quick", daily(1), 100.0)
    assert len(execution_store.values("quick", "duration_seconds", since=NOW - DAY)) == 30


def test_a_replay_sees_what_was_known_then(execution_store: ExecutionStore) -> None:
    execution_store.pipeline("nightly")
    execution_store.ran("nightly", daily(30))
    execution_store.ran("nightly", daily(1, hour=23), 3 * 3600.0)
    assert execution_store.values("nightly", "duration_seconds", as_of=TODAY + HOUR).iloc[-1] == 60
    assert execution_store.values("nightly", "executions", as_of=TODAY + HOUR).iloc[-1] == 2
    assert execution_store.values("nightly", "executions", as_of=TODAY - 5 * DAY).index.max() == pd.Timestamp(
        TODAY - 6 * DAY
    )


@pytest.mark.parametrize(
    ("per_day", "held", "expected"),
    [
        (1.0, None, "day"), (3.0, None, "day"), (3.1, None, "hour"), (24.0, "day", "hour"), (5.0, "day", "day"),
        (2.0, "hour", "hour"), (1.0, "hour", "day"), (float("nan"), "hour", "hour"), (float("nan"), None, "day"),
    ],
)  # fmt: skip
def test_grain(per_day: float, held: str | None, expected: str) -> None:
    assert grain_of(per_day, held) == expected


def test_hourly_pipelines_are_counted_by_the_hour(execution_store: ExecutionStore) -> None:
    execution_store.pipeline("often")
    execution_store.ran("often", [TODAY - 2 * DAY + n * 20 * MINUTE for n in range(3 * 60)])
    values = execution_store.values("often", "executions")
    assert (len(values), set(values)) == (60, {3.0})
    assert values.index.max() == pd.Timestamp(NOW.replace(minute=0) - HOUR)


def test_the_learner_finds_slow_and_missing_runs_and_no_others(execution_store: ExecutionStore) -> None:
    rng = np.random.default_rng(1)
    for name, last in (("slow", 400.0), ("usual", 66.0)):
        execution_store.pipeline(name)
        execution_store.ran(name, daily(60), [*rng.normal(60, 3, 59), last])
    execution_store.pipeline("missed")
    execution_store.ran("missed", daily(60)[:-1])
    execution_store.pipeline("quick")
    execution_store.ran("quick", daily(60), [*rng.normal(0.06, 0.01, 59).clip(0.01), 1.0])
    monitors, observations = execution_store.series()
    series = monitors.set_index("series_key")
    series["last_bucket"] = observations.groupby("series_key")["bucket_start"].max()
    judged = judge(series, observations[["series_key", "bucket_start", "value"]])
    loud = judged[judged["severity"].astype(str) == "critical"]
    named = loud.merge(monitors[["series_key", "asset", "metric"]], on="series_key")
    assert {(row.asset, row.metric, row.bucket_start) for row in named.itertuples()} == {
        ("slow", "duration_seconds", pd.Timestamp(TODAY - DAY)),
        ("missed", "executions", pd.Timestamp(TODAY - DAY)),
    }
