"""Learning in two steps, alerts in between, comes to the same as learning everything before the alerts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.baseline.judge import judge
from lookout.project.declarations.monitor import series_key
from lookout.project.workspace import Workspace, open_workspace
from lookout.runs.learning import learn as learning
from lookout.runs.learning.learn import LearningPlan, LearningResult
from lookout.runs.learning.partitions import BASELINE_COLUMNS
from lookout.runs.recording import new_run_id, recorded_run
from tests.conftest import MONITORING, Observed

ALERTS = ["run", "--select", "fqn:lookout.monitoring.alerts.*"]
FIRST, DAYS, HISTORY = pd.Timestamp("2026-01-01", tz="UTC"), 77, 70
SHOWN = {
    "alerts": "*",
    "anomalies": "*",
    "baselines": ", ".join(c for c in (*BASELINE_COLUMNS,)),
}
STEADY = 1000 + 20 * np.sin(np.arange(DAYS) * 2.1)
NOTHING = np.nan


def changed(values: Any, at: dict[int, float]) -> Any:
    result = np.array(values, dtype=float)
    for place, value in at.items():
        result[place] = value
    return result


# name: (settings, values by day). The days from 70 on are collected one by one; 71 and 72 come together.
SERIES: dict[str, tuple[dict[str, Any], Any]] = {
    "quiet": ({}, STEADY),
    "falls": ({}, changed(STEADY, {70: 300, 71: 310, 74: 4000})),
    "warns": ({"alert_from": "warning"}, changed(STEADY, {73: 1130})),
    "limit": ({"upper_limit": 1015.0}, changed(STEADY * 0.9, {73: 1016, 75: 1015})),
    "tolerant": ({"min_relative_change": 0.5}, changed(STEADY, {71: 700, 74: 400})),
    "up only": ({"direction": "up"}, changed(STEADY, {71: 300, 73: 0, 75: 3000})),
    "down only": ({"direction": "down"}, changed(STEADY, {71: 3000, 73: 300})),
    "plain": ({"method": "zscore"}, changed(STEADY, {72: 0, 74: 1300})),
    "outage": ({}, changed(STEADY, {72: 0, 73: 0, 74: 0})),
    "weekdays": ({}, np.where(np.arange(DAYS) % 7 >= 5, 0.0, STEADY)),
    "never a value": ({"metric": "mean", "kind": "real"}, changed(STEADY, {73: NOTHING, 74: NOTHING})),
    "stuck": ({"metric": "mean", "kind": "real"}, changed(STEADY, dict.fromkeys(range(70, 77), 1003.21))),
    "constant": ({"metric": "distinct_count"}, changed(np.full(DAYS, 50.0), {73: 40})),
    "no nulls": ({"metric": "null_rate", "kind": "rate"}, changed(np.zeros(DAYS), {74: 0.4})),
    "drifts": ({}, STEADY * np.where(np.arange(DAYS) > 49, 1.0 + 0.012 * (np.arange(DAYS) - 49), 1.0)),
    "corrected": ({}, STEADY),
    "corrected to be loud": ({}, STEADY),
    "corrected to be quiet": ({}, changed(STEADY, {72: 300})),
    "newborn": ({}, changed(STEADY, dict.fromkeys(range(63), NOTHING))),
    "new normal": ({}, STEADY * np.where(np.arange(DAYS) > 70, 1.6, 1.0)),
}
# day on which it is seen: series, day it is about, value
CORRECTIONS = {
    73: [("corrected", 70, 1010.0), ("corrected", 72, 990.0), ("corrected to be loud", 70, 200.0)],
    74: [("corrected to be quiet", 72, 1000.0), ("corrected to be loud", 73, 190.0)],
}


def key_of(name: str) -> str:
    return series_key("shop", f"public.{name}", "", SERIES[name][0].get("metric", "row_count"), "day")


def monitors() -> pd.DataFrame:
    defaults = {
        "connection": "shop",
        "column_name": "",
        "metric": "row_count",
        "kind": "count",
        "grain": "day",
        "method": "learned",
        "direction": "both",
        "alert_from": "critical",
        "owner": "",
        "layer": "batch",
        "is_active": True,
        "batch_number": 1,
    }
    rows = [{**defaults, "series_key": key_of(n), "asset": f"public.{n}", **s} for n, (s, _) in SERIES.items()]
    return pd.DataFrame(rows)


def observed_on(days: range, corrections: list[tuple[str, int, float]]) -> pd.DataFrame:
    """What a collection that ends with those days writes; freshly born series have no rows before their birth."""
    rows = [(n, day, float(values[day])) for n, (_, values) in SERIES.items() for day in days]
    rows = [row for row in rows if not (row[0] == "newborn" and row[1] < 63)] + corrections
    frame = pd.DataFrame(rows, columns=["name", "day", "value"])
    return pd.DataFrame(
        {
            "series_key": frame["name"].map(key_of),
            "bucket_start": FIRST + pd.to_timedelta(frame["day"], unit="D"),
            "value": frame["value"],
        }
    )


class Course:
    """The same days told to a fresh database, learned in one way or the other."""

    def __init__(self, observed: Observed, workspace: Workspace) -> None:
        observed.reset("observed_template")
        self.observed, self.workspace = observed, workspace
        self.lessons: list[LearningPlan] = []
        self.rest: list[LearningResult] = []

    def tell(self, learn: Callable[[Course, Any], None]) -> dict[str, list[tuple[Any, ...]]]:
        for day in (HISTORY - 1, 70, 72, 73, 74, 75, 76):
            clock = FIRST + timedelta(days=day + 1)
            self.workspace.home.project.as_of = self.workspace.as_of = clock.to_pydatetime()
            with recorded_run(self.workspace, "run", new_run_id()) as run:
                if day == HISTORY - 1:
                    run.store.upsert("monitors", monitors())
                days = {HISTORY - 1: range(HISTORY), 72: range(71, 73)}.get(day, range(day, day + 1))
                seen = observed_on(days, CORRECTIONS.get(day, []))
                run.store.upsert("metric_observations", seen.assign(batch_number=run.batch_number))
                looks = [{"connection": "shop", "asset": f"public.{n}", "as_of": clock, "status": "ok"} for n in SERIES]
                run.store.upsert("collection_results", pd.DataFrame(looks))
                learn(self, run)
        return {
            name: self.observed.sql(f"select {columns} from {MONITORING}.{name} order by 1, 2", at="observed")
            for name, columns in SHOWN.items()
        }

    def derive(self) -> None:
        outcome = self.workspace.home.project.build(ALERTS)
        assert outcome.success, "\n".join(outcome.failures)

    def at_once(self, run: Any) -> None:
        learning.learn(run)
        self.derive()

    def in_two_steps(self, run: Any) -> None:
        plan = learning.learn_first(run)
        self.derive()
        rest = learning.learn_rest(run, plan)
        if rest.is_news:
            self.derive()
        self.lessons.append(plan)
        self.rest.append(rest)


@pytest.fixture(scope="module")
def parsed(observed_project: Observed) -> Workspace:
    observed_project.reset("observed_template")
    observed_project.declare({"orders": {"timestamp_column": "at"}})
    workspace = open_workspace(observed_project.root)
    workspace.parse()
    return workspace


def test_both_ways_end_the_same(observed_project: Observed, parsed: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "FEW_SERIES", 0)
    slow = Course(observed_project, parsed)
    expected = slow.tell(Course.at_once)
    quick = Course(observed_project, parsed)
    assert quick.tell(Course.in_two_steps) == expected
    assert len(expected["alerts"]) > 10
    # The first day knows no forecasts, so nothing is left over; afterwards the quiet ones wait.
    assert quick.lessons[0].is_complete
    for plan in quick.lessons[1:]:
        assert not plan.is_complete
        assert not {key_of("quiet"), key_of("no nulls")} <= plan.learned
    last = quick.lessons[-1].learned
    assert not {key_of(n) for n in ("quiet", "constant", "corrected", "weekdays")} & last
    assert {rest.is_news for rest in quick.rest[1:]} == {False, True}


def test_a_series_is_judged_the_same_whoever_stands_beside_it() -> None:
    series = monitors().set_index("series_key").drop(columns="batch_number")
    points = observed_on(range(DAYS), [])
    order = ["series_key", "bucket_start"]
    for turned in (series, series.iloc[::-1]):
        together = judge(turned, points, horizon=3).sort_values(order, ignore_index=True)
        alone = [judge(series.loc[[k]], points[points["series_key"] == k], horizon=3) for k in series.index]
        apart = pd.concat(alone).sort_values(order, ignore_index=True)
        pd.testing.assert_frame_equal(together, apart)


def test_a_whole_run_in_two_steps(observed: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Collected for real: what falls alerts, what is quiet is learned after publishing, and the exit code is right."""
    calls: list[str] = []
    first, rest = learning.learn_first, learning.learn_rest

    def learn_first(*given: Any) -> LearningPlan:
        calls.append("first")
        return first(*given)

    def learn_rest(*given: Any) -> LearningResult:
        calls.append("rest")
        return rest(*given)

    monkeypatch.setattr(learning, "FEW_SERIES", 0)
    monkeypatch.setattr(learning, "learn_first", learn_first)
    monkeypatch.setattr(learning, "learn_rest", learn_rest)
    observed.sql("create table calm (at timestamptz); create table busy (at timestamptz)")
    fill = "insert into {} select day + interval '1 hour' from generate_series({}, {}, interval '1 day') as day, "
    fill += "generate_series(1, {} + extract(doy from day)::int * 7 % 11)"
    for name in ("calm", "busy"):
        observed.sql(fill.format(name, "timestamptz '2026-01-01Z'", "timestamptz '2026-02-28Z'", 100))
    observed.declare({name: {"timestamp_column": "at", "metrics": ["row_count"]} for name in ("calm", "busy")})
    assert observed.run("2026-03-01").exit_code == 0
    assert calls == ["first"]
    observed.sql(fill.format("calm", "timestamptz '2026-03-01Z'", "timestamptz '2026-03-01Z'", 100))
    observed.sql(fill.format("busy", "timestamptz '2026-03-01Z'", "timestamptz '2026-03-01Z'", 1000))
    summary = observed.run("2026-03-02")
    assert calls == ["first", "first", "rest"]
    assert (summary.exit_code, list(summary.new_alerts["asset"])) == (1, ["public.busy"])
    newest = f"select asset, status, severity from {MONITORING}.baselines join {MONITORING}.monitors using (series_key)"
    newest += " where bucket_start = '2026-03-01Z' order by 1"
    assert observed.sql(newest, at="observed") == [("public.busy", "judged", "critical"), ("public.calm", "judged", "")]
    assert observed.run("2026-03-02T06:00").exit_code == 1
    assert calls == ["first", "first", "rest", "first"]
