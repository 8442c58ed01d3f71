"""Slow drift: weekly steps in one direction that are each too small to be seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.learned import WEEKS, Forecast, Panel
from lookout.baseline.scales import transforms
from lookout.baseline.windows import (
    Mask,
    Matrix,
    lagged_quantile,
    lagged_quantiles,
    rolling_extreme,
    rolling_huber,
    shifted,
)

Integers = NDArray[np.int64]
# Steps in one direction, and how many units of a weekly level's difference each must have for a score of 3.
DRIFT_UNITS = {2: 1.8, 3: 0.8, 4: 0.4, 5: 0.2}
RECENT, FAR = 36, 183  # days ago between which earlier movements of the series are looked for: half a year
USUAL = 1.645  # nine in ten standard normal numbers are smaller than this
LEAST_CHANGE = 0.1  # of counts and positive values, over all the steps
LEAST_SCORE = 1.0  # what scores less is not looked into
HUBER_VARIANCE = 1.06  # of the Huber estimate for normal numbers, relative to the mean


def drift_score(panel: Panel, forecast: Forecast) -> tuple[Matrix, Matrix, NDArray[np.int64]]:
    """Return the score of two to five weekly steps in one direction, the newest step (judged scale), and their number.

    Daily series only: a shorter grain is watched for drift on its daily roll-up, and a longer one is too short.

    Many series move anyway: seasons of a year, epidemics, prices. So the score is measured against the steps and the
    runs of steps of the half year before, and less than a tenth more or less is not worth an alert.

    A step counts as far as it exceeds the usual weekly step of the weeks before. Steps of a drift are alike: one that
    towers over the others is a change of level, which the point score sees. And a drift that goes on has its newest
    value beyond last week's level.
    """
    if panel.spans.day > 1 or panel.spans.season == 1:
        zero = np.zeros(panel.since(panel.start).y.shape)
        return zero, zero, zero.astype(np.int64)
    week = panel.spans.season
    level, ahead, moving = _steps(panel, forecast)
    start = level.shape[1] - ahead.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = forecast.scale[:, panel.start :] * np.sqrt(2.0 * HUBER_VARIANCE / week)
        total, score, weeks = np.zeros(ahead.shape), np.zeros(ahead.shape), np.zeros(ahead.shape, dtype=np.int64)
        for count, units in DRIFT_UNITS.items():
            steps = np.stack([shifted(moving, week * k)[:, start:] for k in range(count)])
            sizes = np.abs(steps)
            least = sizes.min(axis=0)
            one_way = np.abs(np.sign(steps).sum(axis=0) + np.sign(ahead)) == count + 1
            alike = sizes.max(axis=0) <= 2.0 * least + unit
            size = np.where(one_way & alike, least / unit * (3.0 / units), 0.0)
            weeks = np.where(size > 0, count, weeks)
            total = np.where(size > 0, (level - shifted(level, week * count))[:, start:], total)
            score = np.fmax(score, size)
        newest = moving[:, start:]
        is_worth = (score > LEAST_SCORE) & ~_is_small(level[:, start:], total, panel)
        score = np.where(is_worth, score, 0.0)
        rows = np.flatnonzero(is_worth.any(axis=1))
        if len(rows):
            score[rows] /= _usual_movement(panel, rows, unit[rows], level[rows, start:])
    return np.where(score > 0, score * np.sign(newest), 0.0), newest, weeks


def _steps(panel: Panel, forecast: Forecast) -> tuple[Matrix, Matrix, Matrix]:
    """Return weekly levels, the distance of each judged value from last week's, and steps beyond the usual step."""
    longest, week = max(DRIFT_UNITS), panel.spans.season
    first = max(0, panel.start - (WEEKS + 6 + longest) * week)
    start = panel.start - first
    plain = panel.y[:, first:] - forecast.profile[:, first:]
    level = rolling_huber(plain, week, start=max(0, start - (WEEKS + 2 + longest) * week), min_count=week // 2 + 1)
    past = shifted(level, week)
    step = level - past
    usual_from = max(0, start - longest * week)
    usual = lagged_quantile(step, [week * k for k in range(3, WEEKS + 3)], start=usual_from, min_count=3)
    with np.errstate(invalid="ignore"):
        excess = step - usual
        moving = np.sign(excess) * np.fmin(1.5 * np.abs(step), np.abs(excess)) * (step * excess > 0)
    return level, (plain - past)[:, start:], moving


def _is_small(level: Matrix, change: Matrix, panel: Panel) -> Mask:
    """Return where a count or a positive value changed by less than a tenth."""
    now, before = transforms.backward(level, panel.kinds), transforms.backward(level - change, panel.kinds)
    is_relative = np.isin(panel.kinds, (transforms.COUNT, transforms.POSITIVE))[:, None]
    return is_relative & (np.abs(now - before) < LEAST_CHANGE * before)


def _usual_movement(panel: Panel, rows: Integers, unit: Matrix, level: Matrix) -> Matrix:
    """Return how many times as much as its noise explains a series moved in the half year before; at least 1.

    What has no scale of its own may move in proportion to its level: epidemics, prices. It counts as moving the larger
    of both ways.
    """
    result = _movement(panel.y[rows], panel, unit)
    own = np.flatnonzero(panel.kinds[rows] == transforms.REAL)
    if len(own):
        x = panel.x[rows[own]]
        logs = np.log(np.where(x > 0, x, np.nan))
        result[own] = np.fmax(result[own], _movement(logs, panel, unit[own] / np.abs(level[own])))
    return result


def _movement(y: Matrix, panel: Panel, unit: Matrix) -> Matrix:
    """Return the largest of 1, the usual weekly step and the strongest run of steps of the half year, in units.

    Steps are read from differences between same weekdays, which need no profile.
    """
    week = panel.spans.season
    first = max(0, panel.start - FAR - (max(DRIFT_UNITS) + 4) * week)
    y, start = y[:, first:], panel.start - first
    step = rolling_huber(y - shifted(y, week), week, min_count=week // 2 + 1)
    usual = lagged_quantiles(np.abs(step), range(RECENT, FAR + 1, week), start=start, quantiles=(0.9,), min_count=4)[0]
    most = usual / USUAL
    for count, units in DRIFT_UNITS.items():
        steps = np.stack([shifted(step, week * k) for k in range(count)])
        one_way = np.abs(np.sign(steps).sum(axis=0)) == count
        run = np.where(one_way, np.abs(steps).min(axis=0) / units, 0.0)
        most = np.fmax(most, rolling_extreme(run, FAR - RECENT + 1, np.fmax, lag=RECENT))
    return np.fmax(1.0, most[:, start:] / unit)
