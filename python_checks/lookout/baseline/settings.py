"""The series to judge and their settings, checked and filled with defaults."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lookout.baseline.scales.transforms import KINDS
from lookout.errors import ConfigError
from lookout.project.declarations.grain import GRAIN_STEP, GRAINS, SHORT, UTC, Grain
from lookout.project.declarations.monitor import Direction, Method

LOOKBACK: dict[Grain, timedelta] = {
    **dict.fromkeys(SHORT, timedelta(days=112)),
    "day": timedelta(days=245),
    "week": 72 * timedelta(weeks=1),
    "month": 54 * timedelta(days=31),
}
# Series with fewer filled buckets than this in that time (see ``is_filled``) need more history: their loads are rare.
RARE_LOADS = 42
RARE_LOOKBACK = timedelta(days=1108)
WINDOW: dict[Grain, int] = {
    # A day of parts of an hour: mean and deviation over a week of them would take minutes.
    **{grain: timedelta(days=1) // GRAIN_STEP[grain] for grain in SHORT},
    "hour": 168,
    "day": 30,
    "week": 26,
    "month": 24,
}
WARN_SCORE = 2.0
CRITICAL_SCORE: dict[tuple[str, str], float] = {
    **{("zscore", grain): 3.0 for grain in GRAINS},
    **{("learned", grain): 3.5 if grain in SHORT else 3.0 for grain in GRAINS},
}
MIN_SAMPLE: dict[tuple[str, str], int] = {
    **{("zscore", grain): 10 for grain in GRAINS},
    **{("learned", grain): 24 for grain in SHORT},
    ("learned", "day"): 7,
    ("learned", "week"): 7,
    ("learned", "month"): 5,
}
# Buckets since the first observation before anything is judged, unless somebody sets min_sample_size: two weeks, and
# for hourly series 17 days, because only then do two weeks make a profile. Below an hour these are hours, too.
MIN_AGE: dict[Grain, int] = {**dict.fromkeys(SHORT, 408), "day": 14, "week": 8, "month": 6}
_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "grain": get_args(Grain),
    "method": get_args(Method),
    "direction": get_args(Direction),
}
_NUMBERS = (
    "warn_score",
    "critical_score",
    "lower_limit",
    "upper_limit",
    "min_absolute_change",
    "min_relative_change",
    "window_size",
    "min_sample_size",
)


def complete(series: pd.DataFrame) -> pd.DataFrame:
    """Return ``series`` with every optional column present, defaults filled in, and ``kind_code`` added.

    Raises ConfigError that names the series and the setting when a value is not possible.
    """
    if not series.index.is_unique:
        twice = series.index[series.index.duplicated()][0]
        raise ConfigError(f"Series {twice!r} is given twice; give each series once.")
    for name in ("kind", "grain"):
        if name not in series.columns:
            raise ConfigError(f"The series have no column {name!r}; add it to each of them.")
    # Columns first and one frame at the end: a frame that grows column by column takes longer than all the rest.
    full: dict[str, np.ndarray[Any, Any]] = {}
    for name, allowed in _CHOICES.items():
        default = {"method": "learned", "direction": "both"}.get(name)
        full[name] = _choices(series, name, allowed, default)
    full |= {name: _numbers(series, name) for name in _NUMBERS}
    full["time_zone"] = _column(series, "time_zone").fillna(UTC).astype(str).to_numpy()
    full["metric"] = _column(series, "metric").fillna("").astype(str).to_numpy()
    keys = list(zip(full["method"], full["grain"], strict=True))
    _fill(full, "critical_score", [CRITICAL_SCORE[k] for k in keys])
    # A sensitivity below the usual warning score moves the warning along.
    _fill(full, "warn_score", np.minimum(full["critical_score"], WARN_SCORE))
    full["min_age"] = np.where(np.isnan(full["min_sample_size"]), [MIN_AGE[g] for g in full["grain"]], 0)
    _fill(full, "min_sample_size", [MIN_SAMPLE[k] for k in keys])
    full["own_window"] = ~np.isnan(full["window_size"])
    _fill(full, "window_size", [WINDOW[g] for g in full["grain"]])
    full["kind_code"] = pd.Index(KINDS).get_indexer(pd.Index(full["kind"]))
    settings = pd.DataFrame(full, index=series.index.astype(str))
    for name in ("critical_score", "warn_score"):
        _refuse(settings, full[name] <= 0, name, "must be greater than 0")
    too_late = full["warn_score"] > full["critical_score"]
    _refuse(settings, too_late, "warn_score", "must not be greater than critical_score")
    crossed = full["lower_limit"] > full["upper_limit"]
    _refuse(settings, crossed, "lower_limit", "must not be greater than upper_limit")
    for name in ("min_absolute_change", "min_relative_change"):
        _refuse(settings, full[name] < 0, name, "must not be negative")
    for name in ("window_size", "min_sample_size"):
        _refuse(settings, full[name] < 2, name, "must be at least 2")
    return settings


def lookback(series: pd.DataFrame) -> dict[Grain, timedelta]:
    """Return the history before the first judged bucket that makes a partial judging equal to a full one.

    It is :data:`LOOKBACK`, or twice the largest ``window_size`` of a zscore series where that is more. Series that hold
    fewer than :data:`RARE_LOADS` filled buckets in that time need :data:`RARE_LOOKBACK`.
    """
    return needed(complete(series))


def is_filled(
    values: NDArray[np.float64], empties: NDArray[np.bool_], ages: NDArray[np.bool_], width: float
) -> NDArray[np.bool_]:
    """Return whether something came in buckets ``width`` seconds wide, from their values.

    ``empties`` marks row counts, of which 0 is nothing, and ``ages`` the ages of the newest row.
    """
    with np.errstate(invalid="ignore"):
        result: NDArray[np.bool_] = np.isfinite(values) & ~(empties & (values == 0.0)) & (~ages | (values <= width))
    return result


def needed(settings: pd.DataFrame) -> dict[Grain, timedelta]:
    """Return the same history for completed settings."""
    result = dict(LOOKBACK)
    plain = settings[settings["method"] == "zscore"]
    for grain, step in GRAIN_STEP.items():
        windows = plain.loc[plain["grain"] == grain, "window_size"]
        if len(windows):
            result[grain] = max(result[grain], (2 * int(windows.max()) + 1) * step)
    return result


def _column(series: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name in series.columns:
        return series[name]
    return pd.Series([None] * len(series), index=series.index, dtype=object)


def _choices(series: pd.DataFrame, name: str, allowed: tuple[str, ...], default: str | None) -> np.ndarray[Any, Any]:
    values = _column(series, name)
    if default is not None:
        values = values.astype(object).where(values.notna(), default)
    wrong = ~values.isin(allowed)
    if wrong.any():
        raise ConfigError(
            f"Series {series.index[wrong.to_numpy()][0]!r} has {name} {values[wrong].iloc[0]!r}; "
            f"choose one of {', '.join(allowed)}."
        )
    return values.to_numpy(dtype=object)


def _numbers(series: pd.DataFrame, name: str) -> np.ndarray[Any, Any]:
    values = _column(series, name)
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    wrong = numbers.isna() & values.notna()
    if wrong.any():
        raise ConfigError(
            f"Series {series.index[wrong.to_numpy()][0]!r} has {name} {values[wrong].iloc[0]!r}; give a number."
        )
    return numbers.to_numpy()


def _fill(columns: dict[str, np.ndarray[Any, Any]], name: str, defaults: Any) -> None:
    columns[name] = np.where(np.isnan(columns[name]), defaults, columns[name])


def _refuse(settings: pd.DataFrame, wrong: np.ndarray[Any, Any], name: str, demand: str) -> None:
    if wrong.any():
        key = settings.index[wrong][0]
        raise ConfigError(f"Series {key!r} has {name} {settings.at[key, name]:g}; it {demand}.")
