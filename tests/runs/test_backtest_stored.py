"""What other settings would have done on what is stored: the same alerts as a run with them, and nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from lookout.errors import ConfigError
from lookout.project.workspace import open_workspace
from lookout.runs.backtest.stored import backtest_stored, episodes
from tests.conftest import MONITORING, Observed, Said

# 1,000 rows a day, give or take; a bad day, a bad pair of days, and one that is only a little off.
ORDERS = """
create table orders as
select day + interval '6 hours' as at, 10.0 as amount
from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-04-30Z', interval '1 day') as day
cross join lateral (
    select 1000 + (extract(doy from day)::int * 37) % 61 as usual, (day at time zone 'UTC')::date as d
) as level
cross join lateral generate_series(1, case
    when d = date '2026-03-10' then usual * 3
    when d in (date '2026-04-01', date '2026-04-02') then usual / 4
    when d = date '2026-04-20' then usual * 1.07
    else usual
end::int) as n
"""


def test_episodes_are_those_of_the_model() -> None:
    days = pd.date_range("2026-01-01", periods=8, tz="UTC")
    judged = pd.DataFrame(
        {
            "series_key": ["a"] * 8 + ["b"] * 8,
            "bucket_start": [*days, *days],
            "status": ["judged"] * 2 + ["excluded"] + ["judged"] * 5 + ["judged"] * 8,
            "severity": ["", "critical", "", "warning", "critical", "", "warning", "critical"] * 2,
            "score": [0.0, 3.5, float("nan"), -2.5, -4.0, 0.5, 2.1, 3.1] * 2,
            "observed_value": range(16),
            "expected_value": 7.0,
            "reason": "because",
        }
    )
    found = episodes(judged, pd.Series({"a": "warning", "b": "critical"}))
    assert [(r.series_key, r.starts_at.day, r.ends_at.day, r.severity, r.score) for r in found.itertuples()] == [
        ("a", 2, 5, "critical", -4.0),
        ("a", 7, 8, "critical", 3.1),
        ("b", 2, 2, "critical", 3.5),
        ("b", 5, 5, "critical", -4.0),
        ("b", 8, 8, "critical", 3.1),
    ]
    assert episodes(judged[:0], pd.Series({"a": "warning"})).empty


def test_what_is_stored_is_judged_as_a_run_would(observed: Observed, lookout: Callable[..., Said]) -> None:
    observed.sql(ORDERS)
    observed.declare(
        {
            "orders": {
                "timestamp_column": "at",
                "metrics": ["row_count", "freshness", "mean(amount)"],
                "freshness": {"error_after": "3 days"},
            }
        }
    )
    observed.run("2026-05-01")

    def stored() -> list[tuple[Any, ...]]:
        tables = ("baselines", "metric_observations", "lookout_runs", "alerts")
        return [
            observed.sql(f"select xmin::text, * from {MONITORING}.{t} order by 2, 3", at="observed") for t in tables
        ]

    before = stored()
    workspace = open_workspace(observed.root)
    as_set = backtest_stored(workspace, "public.orders", days=400)
    assert (as_set.connection, as_set.until.isoformat()) == ("shop", "2026-05-01T00:00:00+00:00")
    found = [
        (e.starts_at, e.ends_at + pd.Timedelta(days=1), e.score) for s in as_set.series for e in s.episodes.itertuples()
    ]
    alerts = observed.sql(f"select window_start, window_end, score from {MONITORING}.alerts order by 1", at="observed")
    assert found == alerts, "a backtest with the settings of the run gives its alerts"
    assert [(s.metric, s.fixed) for s in as_set.series] == [("freshness", True), ("mean", False), ("row_count", False)]
    assert as_set.series[2].learning >= 13

    def days_of(**settings: Any) -> list[str]:
        result = backtest_stored(workspace, "shop.public.orders", days=60, settings=settings)
        (rows,) = [s for s in result.series if s.metric == "row_count"]
        assert rows.as_set == 2
        return [f"{row.starts_at:%m-%d}/{row.ends_at:%m-%d}" for row in rows.episodes.itertuples()]

    assert days_of() == ["03-10/03-10", "04-01/04-02"]
    assert days_of(sensitivity=2.0) == ["03-10/03-10", "04-01/04-02", "04-20/04-20"]
    assert days_of(method="zscore") == ["03-10/03-10", "04-01/04-01"], (
        "the plain mean and deviation forgive the second day"
    )
    assert days_of(method="zscore", sensitivity=0.01) == []
    assert days_of(threshold=2.0) == days_of(warn_score=2.0, alert_from="warning") == days_of(sensitivity=1.5)
    assert days_of(direction="up") == ["03-10/03-10"]
    assert days_of(direction="up", upper_limit=5000) == ["03-10/03-10"]
    assert days_of(direction="up", min_relative_change=3.0) == []
    assert days_of(critical_score=200.0, upper_limit=3000.0) == ["03-10/03-10"]
    assert days_of(method="zscore", min_sample_size=500) == []
    assert len(backtest_stored(workspace, "public.orders", days=10).series[2].episodes) == 0

    for arguments, sentence in (
        (
            {"asset": "public.order", "days": 3},
            "No watched table is called 'public.order'; did you mean 'public.orders'?",
        ),
        ({"asset": "public.orders", "days": 0}, "--days is 0; it must be 1 or more."),
        ({"asset": "public.orders", "days": 10**9}, "--days is 1000000000; it must be 36500 or less."),
        (
            {"asset": "public.orders", "days": 3, "settings": {"method": "magic"}},
            "--method is 'magic'; use one of learned, zscore.",
        ),
        (
            {"asset": "public.orders", "days": 3, "settings": {"sensitivity": -1.0}},
            "--sensitivity is -1.0; it must be greater than 0.",
        ),
    ):
        with pytest.raises(ConfigError) as error:
            backtest_stored(workspace, **arguments)
        assert str(error.value) == sentence

    said = lookout("backtest", "--asset", "public.orders", "--days", "60", "--sensitivity", "2", cwd=observed.root)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "shop public.orders, 2026-03-02 to 2026-04-30, sensitivity 2.0: 3 alerts"
    assert lines[1] == "freshness: judged by its fixed limit, not by what was learned"
    assert lines[2] == "mean of amount: 0 alerts (0 as it is set now)"
    assert lines[3] == "row_count: 3 alerts (2 as it is set now)"
    assert lines[4].startswith("  2026-03-10  critical: 3156, expected about 1028")
    assert lines[5].startswith("  2026-04-01 to 2026-04-02  critical: ")
    plain = json.loads(
        lookout("backtest", "--asset", "public.orders", "--json", "--as-of", "2026-04-02T05:00", cwd=observed.root).out
    )
    assert (plain["until"], plain["alerts"]) == ("2026-04-02T00:00:00+00:00", 2)
    assert plain["series"][2]["episodes"][1]["ends_at"] == "2026-04-01T00:00:00+00:00"
    choices = lookout("backtest", "--suggest", "--days", "60", cwd=observed.root)
    assert (choices.code, choices.out.splitlines()[:6]) == (
        0,
        [
            "Alerts a month at each sensitivity, 2026-03-02 to 2026-04-30",
            "",
            "                                          now    0.5    0.7      1    1.4      2",
            "shop public.orders                        1.0    1.0    1.0    1.0    1.5    1.5",
            "  mean of amount                          0.0    0.0    0.0    0.0    0.0    0.0",
            "  row_count                               1.0    1.0    1.0    1.0    1.5    1.5",
        ],
    )
    assert choices.out.splitlines()[-2:] == ["  defaults: {sensitivity: 1}", "    shop public.orders"]
    assert stored() == before, "a backtest wrote something"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Give --asset to judge what is stored, or --series, --points and --out to judge CSV files."),
        (["--series", "s.csv", "--points", "p.csv"], "--series and --points alone do not do; give --series, --points"),
        (["--suggest", "--series", "s.csv"], "--suggest needs both --series and --points, or neither"),
        (["--suggest", "--out", "o.csv"], "--suggest writes no file, so --out cannot be given with it."),
        (
            ["--suggest", "--series", "s.csv", "--points", "p.csv", "--sensitivity", "2"],
            "--suggest tries sensitivities itself, so --sensitivity cannot be given with it.",
        ),
        (
            ["--asset", "a.b", "--series", "s.csv", "--out", "o.csv"],
            "--asset reads what is stored, so --series and --out cannot be given with it.",
        ),
        (
            ["--series", "s.csv", "--points", "p.csv", "--out", "o.csv", "--days", "3"],
            "--series reads files, so --days cannot be given with it.",
        ),
    ],
)
def test_files_or_what_is_stored(
    lookout: Callable[..., Said], tmp_path: Any, arguments: list[str], sentence: str
) -> None:
    said = lookout("backtest", *arguments, cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(sentence)
