"""Young series: hours that are judged from the third day on where nothing speaks for a rhythm.

A profile by hour of the day and of the week takes 17 days. A series without a rhythm needs none: its level and its
spread are known after two days, less surely than later, so its bounds are wider.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lookout.baseline.learned import Forecast, Panel, forecast
from lookout.baseline.rules.folding import by_hour
from lookout.baseline.windows import Mask, Matrix, rolling_count, rolling_mean, rolling_quantiles, shifted

LEAST_AGE = 48  # hours: every hour of the day has been seen twice
# Hours apart whose values are alike in any series, and those that differ where there is a rhythm.
ALIKE, DIFFERENT = (1, 24), (4, 6, 9, 12)
EVEN = 1.3  # how much further, by the mean root of the distance, values that differ may be apart
WIDER = 1.3  # factor on the spread of a young series
SEEN = 0.4  # share of the largest distance seen so far that one unit of score is at least


def cautious(panel: Panel, forecast: Forecast, full_age: NDArray[np.int64]) -> tuple[Forecast, Mask]:
    """Return the forecast of hourly series with wider scales for young buckets, and which buckets are young.

    Those are judged although they are less than ``full_age`` hours old, because nothing speaks for a rhythm.
    """
    age, start = forecast.age, panel.start
    candidates = (age >= LEAST_AGE) & (age < full_age[:, None])
    candidates[:, :start] = False
    rows = np.flatnonzero(candidates.any(axis=1))
    young = np.zeros(candidates.shape, dtype=bool)
    if not len(rows):
        return forecast, young
    end = int(np.flatnonzero(candidates.any(axis=0))[-1]) + 1
    y, width = panel.y[rows, :end], panel.spans.errors
    young[rows, :end] = candidates[rows, :end] & is_even(y, width, start)
    low, middle, high = rolling_quantiles(y, width, start=start, quantiles=(0.0, 0.5, 1.0))
    scale = forecast.scale.copy()
    part = scale[rows, :end]
    wider = np.fmax(WIDER * part, SEEN * np.fmax(high - middle, middle - low))
    scale[rows, :end] = np.where(young[rows, :end], wider, part)
    return Forecast(**{**vars(forecast), "scale": scale}), young


def is_even(y: Matrix, width: int, start: int) -> Mask:
    """Return whether values some hours apart differ no more than neighbours, and those of the same hour, do."""
    apart = {}
    for lag in (*ALIKE, *DIFFERENT):
        apart[lag] = rolling_mean(np.sqrt(np.abs(y - shifted(y, lag))), width, start=start)
    with np.errstate(invalid="ignore"):
        near = np.fmin(*(apart[lag] for lag in ALIKE))
        far = np.fmax.reduce([apart[lag] for lag in DIFFERENT])
        even: Mask = far <= EVEN * near
    return even


def broken_off(panel: Panel, young: Mask) -> Mask:
    """Return the empty young buckets of series that held something in each of the two days before they fell silent."""
    present = np.isfinite(panel.x)
    columns = np.arange(present.shape[1])
    hours: int = LEAST_AGE * panel.spans.folds
    complete = rolling_count(present, hours, lag=0) == hours
    newest = np.maximum.accumulate(np.where(present, columns, 0), axis=1)
    was_complete: NDArray[np.bool_] = np.take_along_axis(complete, newest, axis=1)
    broken: Mask = was_complete & ~present & ~panel.excluded & panel.is_closed & young
    return broken[:, panel.start :]


def forecast_of_all(panel: Panel, settings: pd.DataFrame) -> tuple[Forecast, Mask]:
    """Return the forecast, and which buckets are judged although no profile is known (see :func:`cautious`)."""
    if panel.spans.day == 1:
        return forecast(panel), np.zeros(panel.y.shape, dtype=bool)
    ages = settings["min_age"].to_numpy()

    def compute(hourly: Panel) -> tuple[Forecast, Mask]:
        full_age = np.repeat(ages, len(hourly.kinds) // len(ages))
        return cautious(hourly, forecast(hourly), full_age)

    return by_hour(panel, compute)
