"""How well the detector finds labelled faults, beside plain z-scores: python benchmarks/detector_accuracy.py

Without arguments it makes three sets of series (tests/baseline/series_factory.py) with the given seed: faults as
usual, smaller faults with 20 % more noise, small faults with 50 % more noise. ``--practice DIR`` reads series, points
and labels (.csv.gz) from a folder instead. Protocol: only earlier buckets are used; the last 60 of 180 days and the
last 14 of 60 days of hours count; a false alarm is a flagged bucket outside every fault and ignored span. ``--real
DIR`` reads real labelled series instead (see _real_series.py).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _real_series
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lookout.baseline.judge import judge
from tests.baseline.series_factory import SHAPE, START, Labelled, Severity, make

SETS = {
    "usual faults": Severity(),
    "smaller faults, noise x 1.2": Severity(drop_small=0.75, drop_large=0.55, spike_small=1.4, noise=1.2),
    "-20 % / -35 % / x 1.3, noise x 1.5": Severity(drop_small=0.8, drop_large=0.65, spike_small=1.3, noise=1.5),
}
SECONDS = {"D": 86_400, "H": 3_600}


@dataclass
class Flags:
    """Flagged cells of one method per grain: series by buckets."""

    names: dict[str, list[str]]
    cells: dict[str, np.ndarray[Any, Any]]


def own(data: Labelled, values: dict[str, pd.DataFrame]) -> Flags:
    """What `judge` calls critical."""
    series = data.series.set_index("series_id")[["kind", "grain"]].replace({"grain": {"D": "day", "H": "hour"}})
    points = data.points.rename(columns={"series_id": "series_key", "ts": "bucket_start"})
    points["bucket_start"] = points["bucket_start"].dt.tz_localize("UTC")
    result = judge(series, points)
    result = result[result["severity"] == "critical"]
    cells = {}
    for grain, table in values.items():
        flagged = np.zeros(table.shape, dtype=bool)
        mine = result[result["series_key"].isin(table.index)]
        column = (mine["bucket_start"].dt.tz_localize(None) - START).dt.total_seconds() // SECONDS[grain]
        flagged[table.index.get_indexer(mine["series_key"]), column.astype(int)] = True
        cells[grain] = flagged
    return Flags({grain: list(table.index) for grain, table in values.items()}, cells)


def plain(values: dict[str, pd.DataFrame], season: dict[str, int] | None = None) -> Flags:
    """|value - mean| >= 3 standard deviations of 28 buckets before, or of 8 same slots of a season."""
    cells = {}
    for grain, table in values.items():
        x = table.to_numpy(dtype=float)
        lags = range(1, 29) if season is None else range(season[grain], 8 * season[grain] + 1, season[grain])
        past = np.stack([np.pad(x, ((0, 0), (lag, 0)), constant_values=np.nan)[:, : x.shape[1]] for lag in lags])
        count = np.isfinite(past).sum(axis=0)
        total = np.nansum(past, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / count
            deviation = np.sqrt(np.nansum((past - mean) ** 2, axis=0) / (count - 1))
            cells[grain] = (count >= 5) & (np.abs(x - mean) >= 3 * deviation) & (x != mean)
    return Flags({grain: list(table.index) for grain, table in values.items()}, cells)


def score(data: Labelled, flags: Flags) -> dict[str, float]:
    """Precision, recall, F1, false alarms per clean series and month, drift and level shifts."""
    place = {name: (grain, row) for grain, names in flags.names.items() for row, name in enumerate(names)}
    masks = {grain: np.zeros(cells.shape, dtype=bool) for grain, cells in flags.cells.items()}
    clean = {grain: np.ones(len(names), dtype=bool) for grain, names in flags.names.items()}
    hits: list[bool] = []
    delays: list[float] = []
    drifts = shifts = noticed = 0
    for event in data.labels.itertuples():
        grain, row = place[str(event.series_id)]
        a, b = (int((t - START).total_seconds() // SECONDS[grain]) for t in (event.start_ts, event.end_ts))
        span = flags.cells[grain][row, a : b + 1]
        if event.type == "shift":
            shifts += 1
            noticed += bool(flags.cells[grain][row, a : a + (3 if grain == "D" else 12)].any())
            continue
        masks[grain][row, a : b + 1] = True
        if event.type == "ignore":
            continue
        clean[grain][row] = False
        hits.append(bool(span.any()))
        if event.type == "drift":
            drifts += 1
            delays += [float(span.argmax()) * SECONDS[grain] / 86_400] if span.any() else []
    result: dict[str, float] = {}
    wrong_total = 0
    for grain, cells in flags.cells.items():
        judged = SHAPE[grain][1]
        wrong = (cells & ~masks[grain])[:, -judged:].sum(axis=1)
        wrong_total += int(wrong.sum())
        months = clean[grain].sum() * judged * SECONDS[grain] / 86_400 / 30
        result[f"alarms {grain}"] = wrong[clean[grain]].sum() / max(months, 1e-9)
    found = sum(hits)
    result["recall"] = found / max(1, len(hits))
    result["precision"] = found / max(1, found + wrong_total)
    result["F1"] = 2 * found / max(1, found + wrong_total + len(hits))
    result["drift"] = len(delays) / max(1, drifts)
    result["days"] = float(np.median(delays)) if delays else float("nan")
    result["shifts"] = noticed / max(1, shifts)
    return result


def load(folder: Path) -> Labelled:
    """Series, points and labels of a folder."""
    points = pd.read_csv(folder / "points.csv.gz", parse_dates=["ts"])
    labels = pd.read_csv(folder / "labels.csv.gz", parse_dates=["start_ts", "end_ts"])
    return Labelled(pd.read_csv(folder / "series.csv.gz"), points, labels)


def report(name: str, data: Labelled) -> None:
    """One table: a row per method."""
    values = {}
    for grain, (buckets, _) in SHAPE.items():
        chosen = data.series.loc[data.series["grain"] == grain, "series_id"]
        points = data.points[data.points["series_id"].isin(chosen)]
        column = (points["ts"] - START).dt.total_seconds() // SECONDS[grain]
        table = points.assign(column=column.astype(int)).pivot(index="series_id", columns="column", values="value")
        values[grain] = table.reindex(columns=range(buckets))
    methods = {
        "Lookout, default threshold": own(data, values),
        "mean and deviation, 28 buckets": plain(values),
        "same, per weekday / hour of day": plain(values, {"D": 7, "H": 24}),
    }
    heads = ("F1", "precision", "recall", "alarms D", "alarms H", "drift", "days", "shifts")
    print(f"\n{name}: {len(data.series)} series, {len(data.labels)} labels")
    print(f"{'':<34}" + "".join(f"{head:>11}" for head in heads))
    for method, flags in methods.items():
        figures = score(data, flags)
        print(f"{method:<34}" + "".join(f"{figures[head]:>11.3f}" for head in heads), flush=True)


def main() -> None:
    """Print a table per set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--practice", type=Path, help="folder with series.csv.gz, points.csv.gz and labels.csv.gz")
    parser.add_argument("--real", type=Path, help="folder with series.csv, points.csv.gz and labels.csv of real series")
    parser.add_argument("--per-family", type=int, default=40, help="series of each family (default 40)")
    parser.add_argument("--seed", type=int, default=2024, help="seed of the made series (default 2024)")
    given = parser.parse_args()
    if given.real:
        _real_series.report(given.real, given.seed)
        return
    if given.practice:
        report(str(given.practice), load(given.practice))
        return
    for offset, (name, severity) in enumerate(SETS.items()):
        report(name, make(given.per_family, given.seed + offset, severity))


if __name__ == "__main__":
    main()
