"""Slow drift: weekly steps in one direction that are each too small to be seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.learned import WEEKS, Forecast, Panel
from lookout.baseline.windows import Matrix, lagged_quantile, rolling_huber, shifted

# Steps in one direction, and how many units of a weekly level's difference each must have for a score of 3.
DRIFT_UNITS = {2: 1.8, 3: 0.8, 4: 0.4, 5: 0.2}
HUBER_VARIANCE = 1.06  # of the Huber estimate for normal numbers, relative to the mean


def drift_score(panel: Panel, forecast: Forecast) -> tuple[Matrix, Matrix, NDArray[np.int64]]:
    """Return the score of two to five weekly steps in one direction, the newest step (judged scale), and their number.

    Daily series only: a shorter grain is watched for drift on its daily roll-up, and a longer one is too short.

    A step counts as far as it exceeds the usual weekly step of the weeks before. Steps of a drift are alike: one that
    towers over the others is a change of level, which the point score sees. And a drift that goes on has its newest
    value beyond last week's level.
    """
    if panel.spans.day > 1 or panel.spans.season == 1:
        zero = np.zeros(panel.since(panel.start).y.shape)
        return zero, zero, zero.astype(np.int64)
    longest = max(DRIFT_UNITS)
    week = panel.spans.season
    first = max(0, panel.start - (WEEKS + 6 + longest) * week)
    start = panel.start - first
    plain = panel.y[:, first:] - forecast.profile[:, first:]
    scale = forecast.scale[:, panel.start :]
    level = rolling_huber(plain, week, start=max(0, start - (WEEKS + 2 + longest) * week), min_count=week // 2 + 1)
    past = shifted(level, week)
    step = level - past
    usual_from = max(0, start - longest * week)
    usual = lagged_quantile(step, [week * k for k in range(3, WEEKS + 3)], start=usual_from, min_count=3)
    with np.errstate(invalid="ignore"):
        excess = step - usual
        moving = np.sign(excess) * np.fmin(1.5 * np.abs(step), np.abs(excess)) * (step * excess > 0)
        unit = scale * np.sqrt(2.0 * HUBER_VARIANCE / week)
        ahead = (plain - past)[:, start:]
        score, weeks = np.zeros(ahead.shape), np.zeros(ahead.shape, dtype=np.int64)
        for count, units in DRIFT_UNITS.items():
            steps = np.stack([shifted(moving, week * k)[:, start:] for k in range(count)])
            sizes = np.abs(steps)
            least = sizes.min(axis=0)
            one_way = np.abs(np.sign(steps).sum(axis=0) + np.sign(ahead)) == count + 1
            alike = sizes.max(axis=0) <= 2.0 * least + unit
            size = np.where(one_way & alike, least / unit * (3.0 / units), 0.0)
            weeks = np.where(size > 0, count, weeks)
            score = np.fmax(score, size)
        newest = moving[:, start:]
        return np.where(score > 0, score * np.sign(newest), 0.0), newest, weeks
