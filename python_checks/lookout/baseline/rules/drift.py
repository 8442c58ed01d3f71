"""Slow drift: weekly steps in one direction that are each too small to be seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookout.baseline import transforms
from lookout.baseline.learned import WEEKS, Forecast, Panel
from lookout.baseline.windows import (
    Mask,
    Matrix,
    lagged_quantile,
    lagged_quantiles,
    rolling_extreme,
    rolling_huber,
    shifted,
)

# Steps in one direction, and how many units of a weekly level's difference each must have for a score of 3.
DRIFT_UNITS = {2: 1.8, 3: 0.8, 4: 0.4, 5: 0.2}
RECENT, FAR = 36, 183  # days ago between which earlier movements of the series are looked for: half a year
USUAL = 1.645  # the nine in ten of the sizes of standard normal numbers
LEAST_CHANGE = 0.1  # of counts and positive values, over all the steps
LEAST_SCORE = 1.0  # what scores less is not looked into
HUBER_VARIANCE = 1.06  # of the Huber estimate for normal numbers, relative to the mean


def drift_score(panel: Panel, forecast: Forecast) -> tuple[Matrix, Matrix, NDArray[np.int64]]:
    """Return the score of two to five weekly steps in one direction, the newest step (judged scale), and their number.

    Daily series only: an hourly one is watched for drift on its daily roll-up.

    Many series move anyway: seasons of a year, epidemics, prices. So the score is measured against the steps and the
    runs of steps of the half year before, and less than a tenth more or less is not worth an alert.

    A step counts as far as it exceeds the usual weekly step of the weeks before. Steps of a drift are alike: one that
    towers over the others is a change of level, which the point score sees. And a drift that goes on has its newest
    value beyond last week's level.
    """
    if panel.spans.day > 1:
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
        score = np.where(_is_small(level[:, start:], total, panel), 0.0, score)
        raw = score = np.where(score > LEAST_SCORE, score, 0.0)
        rows = np.flatnonzero(score.any(axis=1))
        if len(rows):
            score = score.copy()
            score[rows] /= _usual_movement(panel.y[rows], panel.start, week, unit[rows])
        # What has no scale of its own may move in proportion to its level: epidemics, prices.
        rows = rows[panel.kinds[rows] == transforms.REAL]
        if len(rows):
            logs = np.log(np.where(panel.x[rows] > 0, panel.x[rows], np.nan))
            share = unit[rows] / np.abs(level[rows, start:])
            most = np.fmax(1.0, _usual_movement(logs, panel.start, week, share))
            score[rows] = np.fmin(score[rows], raw[rows] / most)
        return np.where(score > 0, score * np.sign(newest), 0.0), newest, weeks


def _is_small(level: Matrix, change: Matrix, panel: Panel) -> Mask:
    """Return where a count or a positive value changed by less than a tenth."""
    now, before = transforms.backward(level, panel.kinds), transforms.backward(level - change, panel.kinds)
    is_relative = np.isin(panel.kinds, (transforms.COUNT, transforms.POSITIVE))[:, None]
    return is_relative & (np.abs(now - before) < LEAST_CHANGE * before)


def _usual_movement(y: Matrix, start: int, week: int, unit: Matrix) -> Matrix:
    """Return how many times as much as its noise explains a series moved in the half year before; at least 1.

    The steps are those from a week to the next, read from differences between same weekdays, which need no profile.
    """
    first = max(0, start - FAR - (max(DRIFT_UNITS) + 4) * week)
    y, start = y[:, first:], start - first
    step = rolling_huber(y - shifted(y, week), week, min_count=week // 2 + 1)
    usual = lagged_quantiles(np.abs(step), range(RECENT, FAR + 1, week), start=start, quantiles=(0.9,), min_count=4)[0]
    wide = np.fmax(1.0, usual[:, start:] / USUAL / unit)
    most = np.zeros(unit.shape)
    for count, units in DRIFT_UNITS.items():
        steps = np.stack([shifted(step, week * k) for k in range(count)])
        one_way = np.abs(np.sign(steps).sum(axis=0)) == count
        run = np.where(one_way, np.abs(steps).min(axis=0) / units, 0.0)
        most = np.fmax(most, rolling_extreme(run, FAR - RECENT + 1, np.fmax, lag=RECENT)[:, start:])
    return wide * np.fmax(1.0, most / (unit * wide))
