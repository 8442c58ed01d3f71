"""How fast the detector is: python benchmarks/detector_speed.py [series]

Judges 180 days of 10,000 daily series at once, then the newest bucket of 10,000 and of 100,000 series, each in its own
process so that the peak memory is its own. Times include building the frames that `judge` reads.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

import numpy as np
import pandas as pd

from lookout.baseline.judge import judge
from lookout.baseline.settings import LOOKBACK

KINDS = ("count", "positive", "rate", "real")


def frames(series: int, days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Series with a weekly rhythm, all four kinds, 1 % of the buckets missing."""
    rng = np.random.default_rng(series)
    kinds = np.array(KINDS)[np.arange(series) % len(KINDS)]
    level = np.exp(rng.uniform(3, 11, (series, 1)))
    shape = np.where(np.arange(days) % 7 < 5, 1.0, 0.5)
    values = level * shape * np.exp(rng.normal(0, 0.06, (series, days)))
    values[kinds == "rate"] /= 3 * level[kinds == "rate"]
    values[kinds == "count"] = np.round(values[kinds == "count"])
    values[rng.random(values.shape) < 0.01] = np.nan
    keys = np.array([f"{number:032x}" for number in range(series)], dtype=object)
    times = pd.date_range("2026-01-05", periods=days, freq="D", tz="UTC")
    points = pd.DataFrame(
        {"series_key": np.repeat(keys, days), "bucket_start": np.tile(times, series), "value": values.ravel()}
    )
    return pd.DataFrame({"kind": kinds, "grain": "day"}, index=keys), points


def measure(series: int, newest: int | None) -> None:
    """Time one judging; ``newest`` buckets of each series, or all of 180 days."""
    days = 180 if newest is None else LOOKBACK["day"].days + newest
    begun = time.perf_counter()
    settings, points = frames(series, days)
    built = time.perf_counter()
    since = None
    if newest is not None:
        since = pd.Series(points["bucket_start"].max() - pd.Timedelta(days=newest - 1), index=settings.index)
    result = judge(settings, points, horizon=1, judge_from=since)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = "180 days each" if newest is None else f"newest bucket, {days} days read"
    print(
        f"{series:>7,} series, {what:<30} frames {built - begun:6.2f} s   judge {done - built:6.2f} s   "
        f"{len(result):>10,} rows   peak {peak:6,.0f} MB",
        flush=True,
    )


def main() -> None:
    """Run the three measurements, or one of the given size."""
    sizes = [(int(argument), None) for argument in sys.argv[1:]]
    context = multiprocessing.get_context("spawn")
    for series, newest in sizes or [(10_000, None), (10_000, 1), (100_000, 1)]:
        process = context.Process(target=measure, args=(series, newest))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
