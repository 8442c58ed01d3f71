"""Holidays: judged by how far the same holiday was from an ordinary day before, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lookout.baseline.bounds import Bounds, Options, agree, apply_options, just_outside, learned_bounds, with_limits
from lookout.baseline.scales import transforms
from lookout.baseline.windows import Mask, Matrix

# An ordinary day is the median of the same slot in so many weeks before and after it, of at least so many on each side.
WEEKS_AROUND = 4
LEAST_AROUND = 2
# A holiday's effect differs from year to year, by at least this share of it.
SPREAD = 0.25
NOT_KNOWN = "not judged, no earlier one is known"
NO_VALUE = "not judged, there is no value"
TOO_EARLY = "not judged, the history is too short"
REAL = transforms.KINDS.index("real")


@dataclass(frozen=True)
class Effects:
    """How far a holiday was from an ordinary day before, on the judged scale; one item per row to judge.

    ``shift`` is the median over the earlier occurrences most like the judged one, ``least`` and ``most`` are the ends
    of all of them and ``count`` is their number; where that is 0 nothing is known. After a count of 0 ``least`` is
    without end.
    """

    shift: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    count: NDArray[np.int64]


@dataclass(frozen=True)
class HolidayVerdict:
    """Judged holidays, one row each and a single column. ``beyond`` marks values beyond a hard limit.

    ``problem`` has the words for each row that cannot be judged; the other items of such a row are undefined.
    """

    value: Matrix
    expected: Matrix
    scale: Matrix
    score: Matrix
    warning: Bounds
    critical: Bounds
    beyond: Mask
    problem: NDArray[np.str_]


def scale_codes(settings: pd.DataFrame) -> transforms.Codes:
    """Return the scale that each series is compared on: plain statistics know none but the metric's own."""
    codes: transforms.Codes = np.where(settings["method"] == "zscore", REAL, settings["kind_code"]).astype(np.int64)
    return codes


def counts_nothing(settings: pd.DataFrame) -> Mask:
    """Return whether a missing bucket of each series is one with a count of 0."""
    plain_count = (settings["method"] == "zscore") & (settings["kind"] == "count")
    return np.asarray((settings["metric"] == "row_count") | plain_count)


def effects_of(
    rows: NDArray[np.int64], size: int, is_alike: Mask, values: Matrix, around: Matrix, settings: pd.DataFrame
) -> Effects:
    """Return the effects on ``size`` rows, from earlier occurrences of their holidays.

    An occurrence belongs to the row in ``rows`` and is most like it or not; it has a value, values ``around`` it (a
    column per week, those before it first) and the completed settings of its series. NaN is no value.
    """
    there = np.isfinite(around)
    before, after = there[:, :WEEKS_AROUND].sum(axis=1), there[:, WEEKS_AROUND:].sum(axis=1)
    is_known = (before >= LEAST_AROUND) & (after >= LEAST_AROUND) & np.isfinite(values)
    scaled = transforms.forward(np.column_stack([values, around])[is_known], scale_codes(settings)[is_known])
    effect = pd.Series(scaled[:, 0] - np.nanmedian(scaled[:, 1:], axis=1) if len(scaled) else np.zeros(0))
    row = rows[is_known]
    group, every = effect.groupby(row), np.arange(size)
    alike = effect.where(is_alike[is_known]).groupby(row).median().fillna(group.median())
    is_empty = (values == 0) & (settings["kind"] == "count").to_numpy()
    lowest = effect.mask(is_empty[is_known], -np.inf).groupby(row).min()
    shift, least, most = (part.reindex(every).fillna(0.0).to_numpy() for part in (alike, lowest, group.max()))
    return Effects(shift, least, most, group.size().reindex(every).fillna(0).to_numpy().astype(np.int64))


def verdict_of(rows: pd.DataFrame, settings: pd.DataFrame, effects: Effects) -> HolidayVerdict:
    """Return the verdict on rows of :func:`lookout.baseline.judge.judge`, ``settings`` being those of each row.

    The expectation of an ordinary day is moved by the effect; between the least and the most effect before the score is
    0. The spread grows by what the effect may differ from year to year, and by the noise of the earlier days.
    """
    options, kinds, own = Options.of(settings), scale_codes(settings), settings["kind_code"].to_numpy()
    is_ahead = (rows["status"] == "forecast").to_numpy()
    value = _column(rows, "observed_value")
    value = np.where(np.isnan(value) & (counts_nothing(settings) & ~is_ahead)[:, None], 0.0, value)
    ordinary = transforms.forward(_column(rows, "expected_value"), kinds)
    expected, low, high = (
        _possible(ordinary + effect[:, None], kinds, own) for effect in (effects.shift, effects.least, effects.most)
    )
    count = np.maximum(effects.count, 1)
    noise = _column(rows, "scale")[:, 0] ** 2 * (1 + 1 / count)
    scale = np.sqrt(noise + (SPREAD * effects.shift) ** 2 / count)[:, None]
    low, high = (transforms.forward(side, kinds) for side in (low, high))
    warning, critical = (
        _bounds(low - threshold * scale, high + threshold * scale, expected, options, settings)
        for threshold in (options.warn, options.critical)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        y = transforms.forward(value, kinds)
        score = np.where(y > high, y - high, np.where(y < low, y - low, 0.0)) / scale
        score = agree(np.nan_to_num(score), value, warning, critical, options)
        floor, ceiling = just_outside(options, own)
        under, over = value <= floor, value >= ceiling
    beyond = under | over
    score = np.where(beyond, np.where(under, -1.0, 1.0) * np.fmax(np.abs(score), options.critical), score)
    is_possible = np.isfinite(expected[:, 0]) & np.isfinite(scale[:, 0])
    problem = np.where(is_possible, np.where(np.isnan(value[:, 0]) & ~is_ahead, NO_VALUE, ""), TOO_EARLY)
    problem = np.where(effects.count == 0, NOT_KNOWN, problem)
    warning, critical = (with_limits(bounds, options, own) for bounds in (warning, critical))
    return HolidayVerdict(value, expected, scale, score, warning, critical, beyond, problem)


def _possible(values: Matrix, kinds: transforms.Codes, own: transforms.Codes) -> Matrix:
    """Return values of the judged scale in the metric's unit, drawn in to what its kind can be."""
    lowest, highest = transforms.LOWEST[own][:, None], transforms.HIGHEST[own][:, None]
    return np.clip(transforms.backward(values, kinds), lowest, highest)


def _bounds(low: Matrix, high: Matrix, expected: Matrix, options: Options, settings: pd.DataFrame) -> Bounds:
    own = settings["kind_code"].to_numpy()
    sides = learned_bounds(low, high, scale_codes(settings))
    lowest, highest = transforms.LOWEST[own][:, None], transforms.HIGHEST[own][:, None]
    with np.errstate(invalid="ignore"):
        lower = np.where(sides.lower >= lowest, sides.lower, np.nan)
        upper = np.where(sides.upper <= highest, sides.upper, np.nan)
    return apply_options(Bounds(lower, upper), expected, options)


def _column(rows: pd.DataFrame, name: str) -> Matrix:
    column: Matrix = rows[name].to_numpy(dtype=np.float64)[:, None]
    return column
