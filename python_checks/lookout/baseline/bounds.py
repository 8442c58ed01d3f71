"""Bounds in the metric's unit that agree with the score: a value on or outside a bound reaches its threshold.

A bound is NaN where no possible value of the kind reaches the threshold, and on a side that the direction leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lookout.baseline.scales import transforms
from lookout.baseline.scales.transforms import Codes
from lookout.baseline.windows import Mask, Matrix

CONSTANT_STEP = 1e-6  # smallest relative change of a constant that matters
COUNT_STEP = 0.05  # the same for counts, and at least 1: 49 rows instead of the usual 50 is no reason for an alert
ONE_MATTERS = 8  # from this constant on, one more or less is not worth an alert before it lasts


@dataclass(frozen=True)
class Options:
    """Settings of the series of one panel, one row each, as columns that spread over the buckets."""

    warn: Matrix
    critical: Matrix
    down: Mask
    up: Mask
    lower_limit: Matrix
    upper_limit: Matrix
    min_absolute: Matrix
    min_relative: Matrix
    min_sample: Matrix
    min_age: Matrix

    @staticmethod
    def of(settings: pd.DataFrame) -> Options:
        """Return the options of completed settings, in their order."""

        def number(name: str, default: float) -> Matrix:
            return settings[name].fillna(default).to_numpy(dtype=np.float64)[:, None]

        direction = settings["direction"].to_numpy()[:, None]
        return Options(
            number("warn_score", np.nan),
            number("critical_score", np.nan),
            direction != "up",
            direction != "down",
            number("lower_limit", -np.inf),
            number("upper_limit", np.inf),
            number("min_absolute_change", 0.0),
            number("min_relative_change", 0.0),
            number("min_sample_size", np.nan),
            number("min_age", 0.0),
        )


@dataclass(frozen=True)
class Bounds:
    """Lower and upper bound of one threshold, in the metric's unit."""

    lower: Matrix
    upper: Matrix

    def below(self, x: Matrix) -> Mask:
        """Return whether values lie on or under the lower bound."""
        return np.asarray(x <= self.lower)

    def above(self, x: Matrix) -> Mask:
        """Return whether values lie on or over the upper bound."""
        return np.asarray(x >= self.upper)


def learned_bounds(low: Matrix, high: Matrix, kinds: Codes) -> Bounds:
    """Return bounds of the judged scale in the metric's unit; NaN where no possible value is that far out."""
    edge = np.zeros((len(kinds), 1))
    least = transforms.forward(np.where(np.isfinite(transforms.LOWEST[kinds]), 0.0, -np.inf)[:, None] + edge, kinds)
    most = transforms.forward(transforms.HIGHEST[kinds][:, None] + edge, kinds)
    with np.errstate(invalid="ignore"):
        lower = np.where(low >= least, transforms.backward(low, kinds), np.nan)
        upper = np.where(high <= most, transforms.backward(high, kinds), np.nan)
    return Bounds(lower, upper)


def around_constant(bounds: Bounds, constant: Matrix, fires: Mask, lasting: Mask, kinds: Codes) -> Bounds:
    """Return bounds narrowed to the first change of a constant where that alone reaches the threshold.

    ``lasting`` says where the buckets before have changed already: then the smallest change of a count matters.
    """
    with np.errstate(invalid="ignore"):
        least = np.where((constant >= ONE_MATTERS) & ~lasting, 2.0, 1.0)
    least = np.where((kinds == transforms.COUNT)[:, None], least, 0.0)
    share = np.where(kinds == transforms.COUNT, COUNT_STEP, CONSTANT_STEP)[:, None]
    step = np.maximum(least, share * np.abs(constant))
    with np.errstate(invalid="ignore"):
        lower = np.where(fires, np.fmax(bounds.lower, constant - step), bounds.lower)
        upper = np.where(fires, np.fmin(bounds.upper, constant + step), bounds.upper)
        lowest, highest = transforms.LOWEST[kinds][:, None], transforms.HIGHEST[kinds][:, None]
        return Bounds(np.where(lower >= lowest, lower, np.nan), np.where(upper <= highest, upper, np.nan))


def apply_options(bounds: Bounds, expected: Matrix, options: Options) -> Bounds:
    """Return bounds widened to the minimum changes and opened on the side that does not count."""
    least = np.maximum(options.min_absolute, options.min_relative * np.abs(expected))
    with np.errstate(invalid="ignore"):
        lower = np.where(least > 0, np.minimum(bounds.lower, expected - least), bounds.lower)
        upper = np.where(least > 0, np.maximum(bounds.upper, expected + least), bounds.upper)
    return Bounds(np.where(options.down, lower, np.nan), np.where(options.up, upper, np.nan))


def with_limits(bounds: Bounds, options: Options, kinds: Codes) -> Bounds:
    """Return bounds with the hard limits: a value beyond a limit is outside, a value on it is not."""
    floor, ceiling = just_outside(options, kinds)
    return Bounds(np.fmax(bounds.lower, floor), np.fmin(bounds.upper, ceiling))


def just_outside(options: Options, kinds: Codes) -> tuple[Matrix, Matrix]:
    """Return the first values beyond the hard limits; NaN where there is no limit or nothing can lie beyond it."""
    floor = np.nextafter(options.lower_limit, -np.inf)
    ceiling = np.nextafter(options.upper_limit, np.inf)
    lowest, highest = transforms.LOWEST[kinds][:, None], transforms.HIGHEST[kinds][:, None]
    floor = np.where(np.isfinite(options.lower_limit) & (floor >= lowest), floor, np.nan)
    ceiling = np.where(np.isfinite(options.upper_limit) & (ceiling <= highest), ceiling, np.nan)
    return floor, ceiling


def agree(score: Matrix, x: Matrix, warning: Bounds, critical: Bounds, options: Options) -> Matrix:
    """Return scores moved to the side of each threshold on which the bounds put the value.

    Rounding or a setting may have put a score on the other side.
    """
    size, sign = np.abs(score), np.where(score < 0, -1.0, 1.0)
    with np.errstate(invalid="ignore"):
        for bounds, threshold in ((warning, options.warn), (critical, options.critical)):
            below, above = bounds.below(x), bounds.above(x)
            outside = below | above
            under = np.nextafter(threshold, 0.0)
            size = np.where(outside, np.fmax(size, threshold), np.where(size >= threshold, under, size))
            sign = np.where(below, -1.0, np.where(above, 1.0, sign))
        closed = np.where(sign < 0, ~options.down, ~options.up) & ~(warning.below(x) | warning.above(x))
    return np.where(closed, 0.0, size * sign)
