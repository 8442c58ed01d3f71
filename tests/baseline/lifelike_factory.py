"""Made series with the traits of real ones, without faults: seasons of a year, waves, rush hours, rain, full feeds.

Deterministic in the seed. Some series have days that are truly odd, a holiday on which little happens; they are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Values = NDArray[np.float64]
START = pd.Timestamp("2022-01-03", tz="UTC")
DAYS, HOURLY_DAYS = 600, 70


@dataclass(frozen=True)
class Lifelike:
    """The frames that ``judge`` reads, and the odd days: pairs of series and day number."""

    series: pd.DataFrame
    points: pd.DataFrame
    odd: frozenset[tuple[str, int]]


def make(seed: int) -> Lifelike:
    """One series of every trait."""
    rng = np.random.default_rng(seed)
    holidays = np.sort(rng.choice(np.arange(80, DAYS - 10), 8, replace=False))
    made: dict[str, tuple[str, str, Values]] = {
        "yearly season": ("count", "day", _yearly(rng, holidays)),
        "wave of cases": ("real", "day", _waves(rng, 0.12)),
        "beds in a wave": ("count", "day", np.round(_smooth(_waves(rng, 0.03), 7))),
        "temperature": ("real", "day", _temperature(rng)),
        "rain": ("positive", "day", _rain(rng)),
        "price": ("real", "day", _price(rng)),
        "full feed": ("count", "day", _feed(rng)),
        "share of few rows": ("rate", "day", rng.binomial(24, 0.02, DAYS) / 24.0),
        "rush hours": ("rate", "hour", _rush(rng)),
        "hires in the rain": ("count", "hour", _hires(rng)),
    }
    series = pd.DataFrame({"kind": [part[0] for part in made.values()], "grain": [part[1] for part in made.values()]})
    series.index = pd.Index(list(made))
    frames = []
    for name, (_, grain, values) in made.items():
        times = pd.date_range(START, periods=len(values), freq="D" if grain == "day" else "h")
        frames.append(pd.DataFrame({"series_key": name, "bucket_start": times, "value": values}))
    odd = frozenset(("yearly season", int(day)) for day in holidays)
    return Lifelike(series, pd.concat(frames, ignore_index=True), odd)


def _yearly(rng: Any, holidays: NDArray[np.int64]) -> Values:
    t = np.arange(DAYS)
    level = 9000 * np.where(t % 7 < 5, 1.0, 0.6) * (1 + 0.15 * np.sin(2 * np.pi * (t + rng.integers(0, 365)) / 365))
    level[holidays] *= 0.5
    return np.round(level * np.exp(rng.normal(0, 0.025, DAYS)))


def _waves(rng: Any, noise: float) -> Values:
    t = np.arange(DAYS)
    peaks = np.cumsum(rng.uniform(90, 170, 7))
    log = sum(rng.uniform(2.5, 4) * np.exp(-(((t - peak) / rng.uniform(20, 35)) ** 2)) for peak in peaks)
    week = np.exp(rng.normal(0, 0.25, 7))[t % 7]
    return np.round(80 * np.exp(log) * week * np.exp(rng.normal(0, noise, DAYS)))


def _smooth(values: Values, width: int) -> Values:
    return np.convolve(values, np.ones(width) / width, mode="same") + 20


def _temperature(rng: Any) -> Values:
    t, noise = np.arange(DAYS), np.zeros(DAYS)
    for day in range(1, DAYS):
        noise[day] = 0.7 * noise[day - 1] + rng.normal(0, 4)
    return 55 + 22 * np.sin(2 * np.pi * (t + rng.integers(0, 365)) / 365) + noise


def _rain(rng: Any) -> Values:
    season = 0.15 + 0.12 * np.sin(2 * np.pi * np.arange(DAYS) / 365)
    return np.where(rng.random(DAYS) < season, np.round(rng.gamma(0.6, 12, DAYS), 1), 0.0)


def _price(rng: Any) -> Values:
    return 4 * np.exp(np.cumsum(rng.normal(0, 0.012, DAYS)) + rng.normal(0, 0.05, DAYS))


def _feed(rng: Any) -> Values:
    """Reports of a day: 24, seldom one or two less, and in some weeks less on most days."""
    poor = (np.arange(DAYS) // 45 % 3 == 1) & (rng.random(DAYS) < 0.6)
    return 24.0 - np.where(poor, rng.binomial(3, 0.4, DAYS), rng.random(DAYS) < 0.01)


def _rush(rng: Any) -> Values:
    hour = np.arange(24 * HOURLY_DAYS)
    of_day, work = hour % 24, hour // 24 % 7 < 5
    rush = np.exp(-(((of_day - 8) / 1.5) ** 2)) + 0.8 * np.exp(-(((of_day - 17) / 2) ** 2))
    mean = 0.02 + 0.03 * (of_day > 5) + 0.2 * rush * work
    return np.clip(mean * np.exp(rng.normal(0, 1, len(hour)) * (0.05 + 0.35 * rush * work)), 0, 1)


def _hires(rng: Any) -> Values:
    hour = np.arange(24 * HOURLY_DAYS)
    shape = 1.1 + np.sin(2 * np.pi * (hour % 24 - 8) / 24)
    wet = np.ones(len(hour))
    for at in rng.choice(len(hour) - 12, HOURLY_DAYS // 4, replace=False):
        wet[at : at + rng.integers(2, 9)] *= rng.uniform(0.5, 0.95)
    return rng.poisson(400 * shape * wet * np.exp(rng.normal(0, 0.1, len(hour)))).astype(float)
