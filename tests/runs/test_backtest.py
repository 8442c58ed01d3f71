"""Backtest from files: what is written, and what bad input is told."""

from __future__ import annotations

import gzip
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lookout.errors import ConfigError
from lookout.project.declarations.grain import BucketClock
from lookout.runs.backtest.files import COLUMNS, GRAINS, BacktestSummary, backtest
from tests.baseline.series_factory import Labelled, make


@pytest.fixture(scope="module")
def made() -> Labelled:
    return make(2, 3)


def write(folder: Path, made: Labelled, suffix: str = ".csv") -> tuple[Path, Path]:
    series, points = folder / f"series{suffix}", folder / f"points{suffix}"
    made.series.to_csv(series, index=False)
    made.points.to_csv(points, index=False, date_format="%Y-%m-%d %H:%M:%S")
    return series, points


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_flags(tmp_path: Path, made: Labelled, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout.runs.backtest.files._BUCKETS_AT_ONCE", 3000)
    seen: list[tuple[int, int]] = []
    out = tmp_path / f"flags{suffix}"
    summary = backtest(*write(tmp_path, made, suffix), out, progress=lambda done, total: seen.append((done, total)))
    flags = pd.read_csv(out, parse_dates=["ts"], keep_default_na=False, na_values={"value": "", "score": ""})
    assert tuple(flags.columns) == COLUMNS
    assert summary == BacktestSummary(
        len(made.series), len(flags), int(flags["flagged"].sum()), summary.learning, summary.seconds
    )
    assert 0 < summary.learning < summary.buckets
    assert len(seen) > 3
    assert seen[-1] == (len(made.series), len(made.series))
    assert set(flags["flagged"]) == {0, 1}
    assert (flags.loc[flags["flagged"] == 1, "reason"] != "").all()
    # One row per series and bucket, from its first value to the newest bucket of its grain.
    grain = flags["series_id"].map(made.series.set_index("series_id")["grain"])
    assert (
        flags.groupby(["series_id"])["ts"].max().groupby(grain.groupby(flags["series_id"]).first()).nunique() == 1
    ).all()
    assert not flags.duplicated(["series_id", "ts"]).any()
    # The faults that nobody could miss are found.
    labels = made.labels[made.labels["type"].isin(["spike5", "drop0"])]
    labels = labels[labels["series_id"].str.contains("flat_high|weekly|growth|holiday|h_cdc_0|h_shift")]
    hits = [
        flags.loc[(flags["series_id"] == e.series_id) & flags["ts"].between(e.start_ts, e.end_ts), "flagged"].max()
        for e in labels.itertuples()
    ]
    assert len(hits) >= 3
    assert all(hits)


def test_chunks_do_not_change_the_flags(tmp_path: Path, made: Labelled, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write(tmp_path, made)
    backtest(*files, tmp_path / "one.csv")
    monkeypatch.setattr("lookout.runs.backtest.files._BUCKETS_AT_ONCE", 1)
    monkeypatch.setattr("lookout.runs.backtest.files._ROWS_READ_AT_ONCE", 777)
    backtest(*files, tmp_path / "many.csv")
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "many.csv").read_text()


def test_zero_is_a_value_and_empty_is_missing(tmp_path: Path) -> None:
    days = pd.date_range("2026-01-01", periods=40, freq="D")
    rng = np.random.default_rng(1)
    lines = ["series_id,ts,value"]
    for name, ending in (("zero", "0"), ("gone", "")):
        lines += [f"{name},{day:%Y-%m-%d},{value}" for day, value in zip(days[:-1], rng.poisson(200, 39), strict=True)]
        lines.append(f"{name},{days[-1]:%Y-%m-%d}T00:00:00Z,{ending}")
    (tmp_path / "p.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "s.csv").write_text("series_id,kind,grain\nzero,count,D\ngone,count,D\n")
    backtest(tmp_path / "s.csv", tmp_path / "p.csv", tmp_path / "f.csv")
    newest = pd.read_csv(tmp_path / "f.csv").groupby("series_id").nth(-1).set_index("series_id")
    assert newest["flagged"].tolist() == [1, 1]
    assert newest.loc["zero", "value"] == 0
    assert newest.loc["zero", "reason"].startswith("0 instead of the usual ")
    assert np.isnan(newest.loc["gone", "value"])
    assert newest.loc["gone", "reason"].startswith("no value; every ")


def test_files_may_have_every_grain_and_time_zones(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    series, rows = ["series_id,kind,grain,time_zone"], ["series_id,ts,value"]
    for name, grain in GRAINS.items():
        clock = BucketClock(grain, "Europe/Berlin")
        last = clock.number(datetime(2026, 10, 27, 12, tzinfo=timezone.utc))
        numbers = np.arange(last - min(400, 24 * 40), last)
        numbers = numbers[clock.is_there(numbers)]
        series.append(f"{name},count,{name},Europe/Berlin")
        for start, value in zip(clock.starts(numbers), rng.poisson(500, len(numbers)), strict=True):
            # As an instant, and as a local time with its offset.
            moment = pd.Timestamp(int(start), tz="UTC")
            rows.append(f"{name},{moment if value % 2 else moment.tz_convert('Europe/Berlin')},{value}")
    (tmp_path / "s.csv").write_text("\n".join(series) + "\n")
    (tmp_path / "p.csv").write_text("\n".join(rows) + "\n")
    summary = backtest(tmp_path / "s.csv", tmp_path / "p.csv", tmp_path / "f.csv")
    assert summary.series == len(GRAINS)
    assert summary.buckets == len(rows) - 1
    flags = pd.read_csv(tmp_path / "f.csv")
    assert set(flags.loc[flags["score"].notna(), "series_id"]) >= {"H", "30min", "D", "W", "M"}
    # Written in UTC: midnight of Berlin, in summer and after the change of the clock.
    assert flags.loc[flags["series_id"] == "D", "ts"].tail(2).tolist() == ["2026-10-24 22:00:00", "2026-10-25 23:00:00"]
    changed = flags["reason"].fillna("").str.startswith("the clock was changed")
    assert flags[changed].groupby("series_id").size().to_dict() == {"10min": 6, "15min": 4, "30min": 2, "H": 1}


GOOD_SERIES = "series_id,kind,grain\na,count,D\n"
GOOD_POINTS = "series_id,ts,value\na,2026-01-01,1\n"


@pytest.mark.parametrize(
    ("series", "points", "message"),
    [
        ("", GOOD_POINTS, "s.csv is empty; its first line must name series_id, kind, grain."),
        ("series_id,kind\na,count\n", GOOD_POINTS, "s.csv has no column 'grain'"),
        ("series_id,kind,grain\na,sum,D\n", GOOD_POINTS, "s.csv, line 2: kind is 'sum'; give one of count, rate"),
        (
            "series_id,kind,grain\na,count,D\nb,count,Q\n",
            GOOD_POINTS,
            "s.csv, line 3: grain is 'Q'; give one of 5min, 10min, 15min, 30min, H, D, W, M.",
        ),
        (
            "series_id,kind,grain,time_zone\na,count,D,\nb,count,D,Europe/Berln\n",
            GOOD_POINTS,
            "s.csv, line 3: time_zone is 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        ),
        (
            "series_id,kind,grain,time_zone\na,count,H,Europe/Berlin\n",
            "series_id,ts,value\na,2026-10-24 01:00,1\na,2026-10-24 01:20,2\n",
            "p.csv, line 3: its series has a point in this bucket already; keep one of them; write local times with their offset.",
        ),
        (
            "series_id,kind,grain\na,count,D\na,rate,D\n",
            GOOD_POINTS,
            "s.csv, line 3: series 'a' is listed a second time",
        ),
        (GOOD_SERIES, "series_id,ts\na,1\n", "p.csv has no column 'value'"),
        (GOOD_SERIES, GOOD_POINTS + "b,2026-01-02,1\n", "p.csv, line 3: series 'b' is not in the series file"),
        (GOOD_SERIES, GOOD_POINTS + "a,yesterday,1\n", "p.csv, line 3: ts is 'yesterday'; give a date and time"),
        (GOOD_SERIES, GOOD_POINTS + "a,,1\n", "p.csv, line 3: ts is empty; give a date and time"),
        (GOOD_SERIES, GOOD_POINTS + "a,2026-01-02,many\n", "p.csv, line 3: value is 'many'; give a number"),
        (GOOD_SERIES, GOOD_POINTS + "a,2026-01-02,inf\n", "p.csv, line 3: value is 'inf'; give a number"),
        (GOOD_SERIES, GOOD_POINTS + "a,2026-01-01 05:00,2\n", "p.csv, line 3: its series has a point in this bucket"),
    ],
)
def test_bad_input(tmp_path: Path, series: str, points: str, message: str) -> None:
    (tmp_path / "s.csv").write_text(series)
    (tmp_path / "p.csv").write_text(points)
    with pytest.raises(ConfigError) as error:
        backtest(tmp_path / "s.csv", tmp_path / "p.csv", tmp_path / "f.csv")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "f.csv").exists()


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(GOOD_SERIES)
    (tmp_path / "p.csv").write_text(GOOD_POINTS)
    with pytest.raises(ConfigError, match=r"none\.csv cannot be read: there is none\."):
        backtest(tmp_path / "none.csv", tmp_path / "p.csv", tmp_path / "f.csv")
    with pytest.raises(ConfigError, match=r"Cannot write .*f\.csv: No such file or directory\."):
        backtest(tmp_path / "s.csv", tmp_path / "p.csv", tmp_path / "none" / "f.csv")
    whole = gzip.compress(GOOD_POINTS.encode() * 50)
    (tmp_path / "p.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigError, match=r"Cannot read .*p\.csv\.gz"):
        backtest(tmp_path / "s.csv", tmp_path / "p.csv.gz", tmp_path / "f.csv")


def test_series_without_points(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(GOOD_SERIES + "b,rate,D\n")
    (tmp_path / "p.csv").write_text(GOOD_POINTS)
    summary = backtest(tmp_path / "s.csv", tmp_path / "p.csv", tmp_path / "f.csv")
    assert (summary.series, summary.buckets, summary.flagged, summary.learning) == (2, 2, 0, 2)
