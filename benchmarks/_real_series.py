"""Real labelled series: how many days alarm for nothing, how many odd days are found, and faults put into copies.

A folder holds series.csv (series_id, kind, grain D or H, source, asset, metric), points.csv.gz (series_id, ts, value)
and labels.csv (asset, metric or '*', day, type): 'odd' days are truly odd, those of any other type count neither way.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lookout.baseline.judge import judge

GRAINS = {"D": "day", "H": "hour"}
DAILY = {"none": 1.0, "drift 2 %": 1.0, "-30 %": 0.7, "-50 %": 0.5, "zero": 0.0, "x 1.5": 1.5, "x 2": 2.0}
HOURLY = {"none": 1.0, "-50 % 6 h": 0.5, "zero 3 h": 0.0, "x 2 3 h": 2.0}
SPAN = {"-50 % 6 h": 6, "zero 3 h": 3, "x 2 3 h": 3}


def report(folder: Path, seed: int) -> None:
    """Print false alarms and odd days found by source and grain, then the share of injected faults found."""
    series, points, labels = _read(folder)
    found = _days(series, points, labels).groupby(["grain", "source"]).sum()
    total = found.groupby("grain").sum()
    total.index = pd.MultiIndex.from_tuples([(grain, "all") for grain in total.index])
    table = pd.concat([found, total])
    table.insert(0, "false a month", table["false days"] / table["months"])
    table["scored"] = table["scored"] / table["buckets"]
    print(table.drop(columns=["months", "buckets"]).round(3).to_string())
    print(f"\nshare of faults found, one a copy, seed {seed}:")
    print(_faults(series, points, labels, seed).round(3).to_string())


def _read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    points = pd.read_csv(folder / "points.csv.gz")
    points["ts"] = pd.to_datetime(points["ts"], format="ISO8601", utc=True)
    labels = pd.read_csv(folder / "labels.csv")
    labels["day"] = pd.to_datetime(labels["day"], utc=True)
    return pd.read_csv(folder / "series.csv").set_index("series_id"), points, labels


def _judge(series: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    frame = series[["kind"]].assign(grain=series["grain"].map(GRAINS))
    frame["last_bucket"] = points.groupby("series_id")["ts"].max().reindex(series.index)
    return judge(frame, points.rename(columns={"series_id": "series_key", "ts": "bucket_start"}))


def _days(series: pd.DataFrame, points: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    result = _judge(series, points)
    result = result.assign(day=result["bucket_start"].dt.normalize(), flagged=result["severity"] == "critical")
    rows = []
    for key, mine in result.groupby("series_key"):
        one = series.loc[key]
        concerned = labels[(labels["asset"] == one["asset"]) & labels["metric"].isin([one["metric"], "*"])]
        days = mine[mine["score"].notna()].groupby("day")["flagged"].any()
        odd = days.index.isin(concerned.loc[concerned["type"] == "odd", "day"])
        plain = days[~days.index.isin(concerned["day"])]
        counts = (len(plain) / 30, plain.sum(), odd.sum(), days[odd].sum(), len(mine), mine["score"].notna().sum())
        rows.append((one["grain"], one["source"], *counts))
    names = ["grain", "source", "months", "false days", "odd days", "found", "buckets", "scored"]
    return pd.DataFrame(rows, columns=names)


def _faults(series: pd.DataFrame, points: pd.DataFrame, labels: pd.DataFrame, seed: int) -> pd.Series[Any]:
    frames, rows = [], []
    for name, grain, kind, fault, copy, start, span in _copies(series, points, labels, seed):
        frames.append(pd.DataFrame({"series_id": name, "ts": copy.index, "value": copy.to_numpy()}))
        step = pd.Timedelta(days=1) if grain == "D" else pd.Timedelta(hours=1)
        rows.append((name, grain, kind, fault, start, start + span * step))
    truth = pd.DataFrame(rows, columns=["series_id", "grain", "kind", "fault", "start", "end"]).set_index("series_id")
    result = _judge(truth, pd.concat(frames, ignore_index=True))
    result = result[result["severity"] == "critical"].join(truth, on="series_key")
    inside = (result["bucket_start"] >= result["start"]) & (result["bucket_start"] < result["end"])
    truth["found"] = truth.index.isin(result.loc[inside, "series_key"])
    return truth.groupby(["grain", "fault"])["found"].mean()


def _copies(series: pd.DataFrame, points: pd.DataFrame, labels: pd.DataFrame, seed: int) -> Iterator[tuple[Any, ...]]:
    """Yield copies with one fault, of series that vary and are seldom 0: what was before it and a little after it."""
    rng = np.random.default_rng(seed)
    for key, one in series.iterrows():
        values = points[points["series_id"] == key].set_index("ts")["value"].sort_index()
        daily = one["grain"] == "D"
        back, ahead = (260, 30) if daily else (24 * 70, 24)
        if one["kind"] == "rate" or len(values) < back + ahead + 60 or (values > 0).mean() < 0.9:
            continue
        odd = labels.loc[labels["asset"] == one["asset"], "day"]
        usual = (values > 0).to_numpy() & ~values.index.normalize().isin(odd)
        usual[:back] = usual[-ahead - 1 :] = False
        if not daily:
            usual &= np.isin(values.index.hour, range(7, 20))
        for place, at in enumerate(rng.choice(np.flatnonzero(usual), 12 if daily else 8, replace=False)):
            for fault, factor in (DAILY if daily else HOURLY).items():
                copy = values.iloc[at - back : at + ahead].copy()
                span = SPAN.get(fault, ahead if fault in ("none", "drift 2 %") else 1)
                copy.iloc[back : back + span] *= 0.98 ** np.arange(1, span + 1) if fault == "drift 2 %" else factor
                copy = copy.round() if one["kind"] == "count" else copy
                yield f"{key}#{place}#{fault}", one["grain"], one["kind"], fault, copy, copy.index[back], span
