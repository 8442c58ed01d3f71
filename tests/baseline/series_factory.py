"""Synthetic metric series with labelled faults: daily and hourly, of many families, for tests and benchmarks.

Deterministic in the seed. The conventions are those of `lookout backtest`: NaN is a missing bucket, 0 a real zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

START = pd.Timestamp("2026-01-05")
SHAPE = {"D": (180, 60), "H": (1440, 336)}  # buckets, judged buckets
Values = NDArray[np.float64]
FAMILIES: dict[str, tuple[str, str]] = {
    "flat_high": ("count", "D"),
    "flat_low": ("count", "D"),
    "weekly": ("count", "D"),
    "weekly_strong": ("count", "D"),
    "growth_lin": ("count", "D"),
    "growth_exp": ("count", "D"),
    "level_shift": ("count", "D"),
    "heavy_tail": ("count", "D"),
    "sparse": ("count", "D"),
    "constant": ("count", "D"),
    "multiplicative": ("count", "D"),
    "holiday": ("count", "D"),
    "missing_days": ("count", "D"),
    "weekday_only": ("count", "D"),
    "null_rate": ("rate", "D"),
    "col_mean": ("real", "D"),
    "freshness": ("positive", "D"),
    "duration": ("positive", "D"),
    "h_cdc": ("count", "H"),
    "h_cdc_low": ("count", "H"),
    "h_shift": ("count", "H"),
}
COUNT_FAULTS = ("missing", "drop0", "drop30", "drop50", "dup", "late", "spike1.5", "spike2", "spike5", "stuck", "drift")
FAULTS: dict[str, tuple[str, ...]] = {
    "count": COUNT_FAULTS,
    "rate": ("missing", "spike1.5", "spike2", "spike5", "drift"),
    "positive": ("missing", "spike2", "spike5", "drift"),
    "real": ("missing", "spike2", "spike5", "stuck", "drift"),
    "sparse": ("spike5",),
    "constant": ("missing", "drop0", "drop30", "drop50", "spike1.5", "spike2", "spike5"),
}


@dataclass(frozen=True)
class Severity:
    """How hard the set is: factors of the faults and of the noise."""

    drop_small: float = 0.70
    drop_large: float = 0.50
    spike_small: float = 1.5
    noise: float = 1.0
    drift: float = 0.02


@dataclass
class Labelled:
    """The three frames that `lookout backtest` and its scorer read."""

    series: pd.DataFrame
    points: pd.DataFrame
    labels: pd.DataFrame


@dataclass
class _Draft:
    """One series while it is made: the mean per bucket, a sampler around it, and the labels."""

    kind: str
    grain: str
    mean: Values
    noise: float
    rows: float = 1000.0
    absent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    tail: bool = False
    dispersion: float = 0.0
    labels: list[tuple[str, int, int]] = field(default_factory=list)


def make(per_family: int, seed: int, severity: Severity | None = None) -> Labelled:
    """``per_family`` series of every family, faults in the judged part labelled, some unlabelled ones before it."""
    rng = np.random.default_rng(seed)
    hard = severity or Severity()
    series, points, labels = [], [], []
    for family, (kind, grain) in FAMILIES.items():
        for number in range(per_family):
            name = f"{family}_{number:04d}"
            draft = _draft(rng, family, kind, grain, hard)
            values = _sample(rng, draft)
            values = _with_faults(rng, family, draft, values, hard)
            step = pd.Timedelta(days=1) if grain == "D" else pd.Timedelta(hours=1)
            series.append((name, family, kind, grain))
            points.append(
                pd.DataFrame({"series_id": name, "ts": START + step * np.arange(len(values)), "value": values})
            )
            labels += [(name, fault, START + step * a, START + step * b) for fault, a, b in draft.labels]
    return Labelled(
        pd.DataFrame(series, columns=["series_id", "family", "kind", "grain"]),
        pd.concat(points, ignore_index=True),
        pd.DataFrame(labels, columns=["series_id", "type", "start_ts", "end_ts"]),
    )


def _draft(rng: Any, family: str, kind: str, grain: str, hard: Severity) -> _Draft:
    buckets, judged = SHAPE[grain]
    t = np.arange(buckets)
    level = float(np.exp(rng.uniform(np.log(500), np.log(150_000))))
    relative = hard.noise * float(rng.uniform(0.02, 0.10))
    draft = _Draft(kind, grain, np.full(buckets, level), relative, absent=np.zeros(buckets, dtype=bool))
    week = np.where(t % 7 < 5, 1.0, rng.uniform(0.3, 0.75)) * (1 + rng.normal(0, 0.03, 7))[t % 7]
    if family == "flat_high":
        draft.mean[:] = np.exp(rng.uniform(np.log(200), np.log(40_000)))
    elif family == "flat_low":
        draft.mean[:], draft.noise = np.exp(rng.uniform(np.log(4), np.log(55))), 0.05 * hard.noise
    elif family == "weekly_strong":
        draft.mean *= np.where(t % 7 < 5, 1 + rng.normal(0, 0.1, 7)[t % 7], rng.uniform(0.03, 0.2))
    elif family in ("weekly", "missing_days", "holiday", "weekday_only"):
        draft.mean *= week
    elif family == "growth_lin":
        draft.mean *= (week if rng.random() < 0.5 else 1.0) * (1 + rng.uniform(0.002, 0.012) * t)
    elif family == "growth_exp":
        draft.mean *= (week if rng.random() < 0.4 else 1.0) * np.exp(rng.uniform(0.002, 0.008) * t)
    elif family == "level_shift":
        draft.mean *= week if rng.random() < 0.5 else 1.0
        _shift(rng, draft, buckets - judged + 5, buckets - 25, 6)
    elif family == "heavy_tail":
        draft.tail, draft.noise = True, hard.noise * float(rng.uniform(0.03, 0.08))
    elif family == "sparse":
        draft.mean[:], draft.dispersion = rng.uniform(0.03, 2.0), 0.5
    elif family == "constant":
        draft.mean[:], draft.noise = rng.choice([0, 0, 1, 7, 50, 1234, 1_000_000]), -1.0
    elif family == "multiplicative":
        draft.mean *= week if rng.random() < 0.6 else 1.0
        draft.noise = hard.noise * float(rng.uniform(0.12, 0.32))
    elif kind == "rate":
        draft.mean[:], draft.rows = rng.choice([0.0, 0.0005, 0.01, 0.05, 0.2]), np.exp(rng.uniform(5, 8))
    elif kind == "real":
        draft.mean[:] = rng.normal(0, 1) * np.exp(rng.uniform(0, 8))
        draft.noise = hard.noise * float(np.exp(rng.uniform(np.log(0.005), np.log(160))))
    elif family == "freshness":
        draft.mean[:], draft.noise = np.exp(rng.uniform(np.log(6), np.log(550))), hard.noise * rng.uniform(0.2, 0.45)
    elif family == "duration":
        draft.mean[:], draft.noise = np.exp(rng.uniform(np.log(5), np.log(5000))), hard.noise * rng.uniform(0.06, 0.25)
    elif grain == "H":
        _hourly(rng, family, draft, hard)
    if family == "missing_days":
        draft.absent = rng.random(buckets) < rng.uniform(0.02, 0.07)
    elif family == "weekday_only":
        draft.absent = t % 7 >= 5
    elif family == "holiday":
        for at in rng.choice(np.arange(20, buckets - 3), 2, replace=False):
            draft.mean[at] *= 0.3
            draft.labels.append(("ignore", int(at), int(at)))
    return draft


def _hourly(rng: Any, family: str, draft: _Draft, hard: Severity) -> None:
    buckets, judged = SHAPE["H"]
    t = np.arange(buckets)
    low = family == "h_cdc_low"
    level = np.exp(rng.uniform(np.log(4), np.log(40)) if low else rng.uniform(np.log(400), np.log(30_000)))
    day = np.exp(rng.uniform(0.6, 1.4) * np.cos(2 * np.pi * (t % 24 - rng.integers(0, 24)) / 24))
    weekend = np.where(t // 24 % 7 < 5, 1.0, rng.uniform(0.5, 1.0))
    draft.mean = level * day * weekend * np.exp(rng.normal(0, 0.08, 168))[t % 168]
    draft.noise = hard.noise * float(rng.uniform(0.04, 0.12))
    if family == "h_shift":
        _shift(rng, draft, buckets - judged + 3, buckets - 140, 23)


def _shift(rng: Any, draft: _Draft, first: int, last: int, ignored: int) -> None:
    at = int(rng.integers(first, last))
    draft.mean[at:] *= rng.choice([0.4, 0.6, 1.6, 2.5, 3.0])
    draft.labels += [("ignore", at, at + ignored), ("shift", at, at)]


def _sample(rng: Any, draft: _Draft) -> Values:
    size = len(draft.mean)
    if draft.noise < 0:
        values = draft.mean.copy()
    elif draft.kind == "rate":
        rows = np.maximum(20, rng.poisson(draft.rows, size))
        values = rng.binomial(rows, np.clip(draft.mean, 0, 1)) / rows
    elif draft.kind == "real":
        values = draft.mean + rng.normal(0, draft.noise, size)
    elif draft.kind == "positive":
        shape = 1 / draft.noise**2
        values = draft.mean * rng.gamma(shape, 1 / shape, size)
    elif draft.dispersion:
        values = rng.negative_binomial(draft.dispersion, draft.dispersion / (draft.dispersion + draft.mean)) * 1.0
    else:
        shock = rng.standard_t(3, size) if draft.tail else rng.normal(0, 1, size)
        values = rng.poisson(draft.mean * np.exp(np.clip(draft.noise * shock, -3, 3))) * 1.0
    values[draft.absent] = np.nan
    return values


def _with_faults(rng: Any, family: str, draft: _Draft, values: Values, hard: Severity) -> Values:
    buckets, judged = SHAPE[draft.grain]
    allowed = FAULTS.get(family, FAULTS[draft.kind])
    if family == "constant" and draft.mean[0] == 0:
        allowed = tuple(name for name in allowed if not name.startswith("drop"))
    if family in ("level_shift", "h_shift"):
        allowed = tuple(name for name in allowed if name != "drift")
    if family == "missing_days":
        allowed = tuple(name for name in allowed if name != "missing")
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 3))):
            name = str(rng.choice([n for n in allowed if n not in ("drift", "stuck")]))
            _fault(rng, name, draft, values, int(rng.integers(20, buckets - judged - 12)), hard)
    busy = np.zeros(buckets, dtype=bool)
    for _, a, b in draft.labels:
        busy[max(0, a - 8) : b + 9] = True
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.37, 0.33, 0.18, 0.12]))):
        name = str(rng.choice(allowed))
        at = int(rng.integers(buckets - judged + 3, buckets - (judged // 7)))
        if name == "drift":
            at = int(rng.integers(buckets - judged + 4, buckets - judged + 14 + (20 if draft.grain == "H" else 0)))
        if busy[at] or (name == "drift" and busy[buckets - judged :].any()) or np.isnan(values[at]):
            continue
        end = _fault(rng, name, draft, values, at, hard)
        if end >= at:
            draft.labels.append((name, at, end))
            gap = 10 if draft.grain == "D" else 24
            busy[max(0, at - gap) : end + gap] = True
    return values


def _fault(rng: Any, name: str, draft: _Draft, values: Values, at: int, hard: Severity) -> int:
    """Put one fault into the values; its last bucket."""
    daily, buckets = draft.grain == "D", len(values)
    length = int(rng.choice([1, 1, 2, 3])) if daily else int(rng.choice([1, 2, 3, 6]))
    factors = {"drop30": hard.drop_small, "drop50": hard.drop_large, "spike1.5": hard.spike_small}
    factors |= {"dup": 2.0, "spike2": 2.0, "spike5": 5.0, "drop0": 0.0}
    end = min(buckets - 1, at + length - 1)
    part = slice(at, end + 1)
    if name == "missing":
        if not daily:
            end = min(buckets - 1, at + int(rng.choice([3, 6])) - 1)
        values[at : end + 1] = np.nan
    elif name == "stuck":
        end = min(buckets - 1, at + int(rng.integers(4, 8) if daily else rng.integers(8, 15)))
        values[at : end + 1] = values[at]
    elif name == "late":
        end = at + 1
        moved = rng.uniform(0.3, 0.8) * values[at]
        moved = np.floor(moved) if draft.kind == "count" else moved
        values[at] -= moved
        values[end] += moved
    elif name == "drift":
        end = min(buckets - 1, at + 55) if daily else buckets - 1
        days = np.arange(1, end - at + 2) / (1 if daily else 24)
        _drift(rng, draft, values, at, end, days, hard)
    elif draft.kind == "real":
        values[part] += rng.choice([-1, 1]) * float(name.removeprefix("spike")) * 3 * draft.noise
    elif draft.kind == "rate":
        base = max(float(draft.mean[at]), 0.01)
        values[part] = np.minimum(1.0, values[part] + base * float(name.removeprefix("spike")))
    elif draft.mean[at] < 3:
        values[part] = np.round(values[part] + 10 * factors[name] * rng.uniform(0.5, 1.0)) if factors[name] > 1 else 0.0
    else:
        values[part] *= factors[name]
        if draft.kind == "count":
            values[part] = np.round(values[part])
    return end


def _drift(rng: Any, draft: _Draft, values: Values, at: int, end: int, days: Values, hard: Severity) -> None:
    sign = float(rng.choice([-1, 1]))
    part = slice(at, end + 1)
    if draft.kind == "real":
        values[part] += sign * 0.25 * draft.noise * days
    elif draft.kind == "rate":
        values[part] = np.minimum(1.0, values[part] + hard.drift * days * max(float(draft.mean[at]), 0.02))
    else:
        values[part] *= (1 + sign * hard.drift) ** days
        if draft.kind == "count":
            values[part] = np.round(values[part])
