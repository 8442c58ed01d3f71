"""Backtest from files: what is written, and what bad input is told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookout.errors import ConfigError
from lookout.project.declarations.grain import BucketClock
from lookout.runs.backtest.files import COLUMNS, GRAINS, BacktestSummary, backtest
from lookout.runs.backtest.settings import NAMES
from lookout.runs.backtest.suggest import SENSITIVITIES, suggest_files, suggestion_page
from tests.baseline.series_factory import Labelled, make
from tests.conftest import Said


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


def with_setting(name: str, cell: str) -> str:
    return f"series_id,kind,grain,{name}\na,count,D,{cell}\n"


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
        (GOOD_SERIES, GOOD_POINTS + "a,2026-01-02,1e999\n", "p.csv, line 3: value is '1e999'; give a number"),
        (GOOD_SERIES, "", "p.csv is empty; its first line must name series_id, ts, value."),
        (with_setting("threshold", "high"), GOOD_POINTS, "s.csv, line 2: threshold is 'high'; it must be a number."),
        (with_setting("threshold", "nan"), GOOD_POINTS, "s.csv, line 2: threshold is nan; it must be a number."),
        (with_setting("sensitivity", "0"), GOOD_POINTS, "line 2: sensitivity is 0.0; it must be greater than 0."),
        (with_setting("min_sample_size", "1"), GOOD_POINTS, "line 2: min_sample_size is 1; it must be 2 or more."),
        (with_setting("min_sample_size", "2.5"), GOOD_POINTS, "min_sample_size is 2.5; it must be a whole number."),
        (with_setting("direction", "left"), GOOD_POINTS, "direction is 'left'; use one of both, up, down."),
        (with_setting("holidays", "UU"), GOOD_POINTS, "line 2: holidays names the country 'UU', which is unknown;"),
        (with_setting("window", "soon"), GOOD_POINTS, "window is 'soon'; write a number of buckets, or a length"),
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


def test_series_without_values(tmp_path: Path, lookout: Callable[..., Said]) -> None:
    (tmp_path / "s.csv").write_text(GOOD_SERIES + "b,rate,D\nc,rate,D\n")
    (tmp_path / "p.csv").write_text(GOOD_POINTS + "c,2026-01-01,\n")
    summary = backtest(tmp_path / "s.csv", tmp_path / "p.csv", tmp_path / "f.csv")
    assert (summary.series, summary.buckets, summary.flagged, summary.learning) == (3, 3, 0, 3)
    assert summary.without_values == ("b", "c")
    said = lookout("backtest", "--series", "s.csv", "--points", "p.csv", "--out", "f.csv", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    sentence = "p.csv has no value of series 'b' and 1 more, so nothing of it was judged; add points to it."
    assert said.err.splitlines()[-1] == sentence
    # The others were judged.
    assert "a,2026-01-01 00:00:00,1,,,,,needs 14 more days of history,0" in (tmp_path / "f.csv").read_text()


def noisy(folder: Path, header: str = "", cells: str = "", **values: float) -> tuple[Path, Path, Path]:
    """Files of one daily series of about 200 rows a day, with other values on some days of 2026."""
    rng = np.random.default_rng(1)
    days = pd.date_range("2026-01-01", periods=90)
    frame = pd.DataFrame({"series_id": "a", "ts": days, "value": rng.poisson(200, 90)}).set_index("ts")
    for day, value in values.items():
        frame.loc[f"2026-{day[1:3]}-{day[3:]}", "value"] = value
    frame.reset_index().to_csv(folder / "p.csv", index=False)
    (folder / "s.csv").write_text(f"series_id,kind,grain{header}\na,count,D{cells}\n")
    return folder / "s.csv", folder / "p.csv", folder / "f.csv"


def flagged(files: tuple[Path, Path, Path], **settings: Any) -> list[str]:
    backtest(*files, settings=settings)
    flags = pd.read_csv(files[2])
    outside = (flags["value"] <= flags["lower"]) | (flags["value"] >= flags["upper"])
    is_of_value = ~flags["reason"].fillna("").str.contains("every week|in a row")
    assert (outside == (flags["flagged"] == 1))[is_of_value].all(), "the bounds are those at which a value is flagged"
    return [ts[5:10] for ts in flags.loc[flags["flagged"] == 1, "ts"]]


DIPS = {"d0110": 100, "d0310": 150, "d0320": 290}


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        ({}, ["03-20"]),
        ({"threshold": 2.0}, ["03-10", "03-20"]),
        ({"warn_score": 2.0, "alert_from": "warning"}, ["03-10", "03-20"]),
        ({"warn_score": 2.0}, ["03-20"]),
        ({"threshold": 5.0}, []),
        ({"critical_score": 2.0}, ["03-10", "03-20"]),
        ({"sensitivity": 1.4}, ["03-10", "03-20"]),
        ({"sensitivity": 1.4, "direction": "down"}, ["03-10"]),
        ({"lower_limit": 120, "upper_limit": 300, "threshold": 5.0}, ["01-10"]),
        ({"min_absolute_change": 120}, []),
        ({"min_relative_change": 0.6}, []),
        ({"min_sample_size": 5}, ["01-10", "03-20"]),
        ({"method": "zscore", "alert_from": "critical", "window": 14}, ["03-10", "03-20"]),
        ({"method": "zscore", "alert_from": "critical", "window": "14 days"}, ["03-10", "03-20"]),
    ],
)
def test_settings_are_options_and_columns(tmp_path: Path, settings: dict[str, Any], days: list[str]) -> None:
    assert flagged(noisy(tmp_path, **DIPS), **settings) == days
    header, cells = (",".join(["", *map(str, part)]) for part in (settings, settings.values()))
    assert flagged(noisy(tmp_path, header, cells, **DIPS)) == days
    # A cell goes before the option, an empty one leaves it.
    other = {"threshold": 50.0} if "threshold" in settings else {}
    assert flagged(noisy(tmp_path, header, cells, **DIPS), **other) == days
    assert flagged(noisy(tmp_path, header, "," * len(settings), **DIPS), **settings) == days


def test_holidays_are_a_column(tmp_path: Path) -> None:
    files = noisy(tmp_path, ",holidays", ",DE", d0101=3, d0102=220)
    rows = pd.read_csv(files[1], parse_dates=["ts"])
    backtest(*files)
    assert pd.read_csv(files[2])["reason"][0] == "New Year's Day (DE): not judged, no earlier one is known"
    rows["ts"] += pd.Timedelta(days=40)
    rows.to_csv(files[1], index=False)
    backtest(*files, settings={"holidays": "US"})
    left_out = pd.read_csv(files[2])["reason"].str.extract(r"^(.*): not judged")[0].dropna()
    assert left_out.tolist() == ["Good Friday (DE)", "Easter Monday (DE)", "Labor Day (DE)"], "the cell goes first"


def test_suggestion_of_files(tmp_path: Path, lookout: Callable[..., Said]) -> None:
    files = noisy(tmp_path, **DIPS)
    suggestion = suggest_files(*files[:2])
    (choice,) = suggestion.choices
    counts = [len(flagged(files, sensitivity=value)) for value in SENSITIVITIES]
    assert counts[0] == 0 < counts[2] < counts[-1]
    months = 76 / (365.25 / 12)  # 14 of 90 days are too early
    assert choice.now == choice.rates[2]
    assert [round(rate * months) for rate in choice.rates if rate is not None] == counts
    assert choice.bearable == max(v for v, n in zip(SENSITIVITIES, counts, strict=True) if n <= months)
    page = suggestion_page(suggestion)
    assert max(map(len, page.splitlines())) <= 80
    said = lookout("backtest", "--suggest", "--series", "s.csv", "--points", "p.csv", "--json", cwd=tmp_path)
    assert json.loads(said.out)["choices"][0]["alerts_a_month"] == list(choice.rates)
    files[1].write_text(GOOD_POINTS)
    (nothing,) = suggest_files(*files[:2]).choices
    assert (nothing.now, nothing.bearable) == (None, None)
    assert "-: too little history to judge anything." in suggestion_page(suggest_files(*files[:2]))


CELLS = st.sampled_from(
    ["", "a", "b", "D", "H", "count", "rate", "real", "1", "0", "-3", "inf", "nan", "1e999", "2026-01-01", "2026-02-30",
     "9999-12-31", "0001-01-01", "2026-01-01T05:00:00+02:00", '"', "'", "\x00", "ä", "US", "2 days", "zscore"]
)  # fmt: skip
HEADERS = st.lists(st.sampled_from(["series_id", "kind", "grain", "ts", "value", *NAMES, "", "x"]), max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_file_is_judged_or_gets_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    paths = tmp_path / "s.csv", tmp_path / "p.csv"
    for path, first in zip(paths, (["series_id", "kind", "grain"], ["series_id", "ts", "value"]), strict=True):
        header = [*(first if data.draw(st.booleans() | st.just(True)) else []), *data.draw(HEADERS)]
        width = data.draw(st.sampled_from([len(header)] * 3 + [0, 1, 9]))
        good = {"series_id": "a", "kind": "count", "grain": "D", "ts": "2026-01-01", "value": "1"}
        cells = st.tuples(*((st.just(good[name]) | CELLS if name in good else CELLS) for name in header))
        rows = data.draw(st.lists(cells if width == len(header) else st.lists(CELLS, max_size=width), max_size=3))
        path.write_text("\n".join(",".join(row) for row in (header, *rows)), encoding="utf-8")
    try:
        summary = backtest(*paths, tmp_path / "f.csv")
        assert summary.flagged <= summary.buckets
    except ConfigError as error:
        sentence = str(error)
        assert (sentence.count("\n"), sentence[-1] in ".?") == (0, True)
