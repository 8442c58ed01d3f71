"""Transforms to scales on which the spread of a metric does not depend on its level, and their inverses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.windows import Matrix

KINDS = ("count", "rate", "positive", "real")
COUNT, RATE, POSITIVE, REAL = range(4)
Codes = NDArray[np.int64]

# Lowest and highest value that a metric of each kind can take.
LOWEST = np.array([0.0, 0.0, 0.0, -np.inf])
HIGHEST = np.array([np.inf, 1.0, np.inf, np.inf])


def forward(values: Matrix, kinds: Codes) -> Matrix:
    """Return the values of series (rows) on the scale they are judged on; ``kinds`` holds one code per row.

    count: ``40 asinh(0.05 sqrt(x + 3/8))``, the variance stabilising transform of counts whose noise is Poisson plus a
    relative part of 5 % (Anscombe 1948 for the sum under the root); rate: the angular transform ``2 asin(sqrt x)``;
    positive: cube root (Wilson and Hilferty 1931 for gamma-like durations); real: unchanged. Values outside a kind's
    range are taken as its nearest possible value.
    """
    result = np.array(values, dtype=np.float64)
    bounded = np.clip(result, LOWEST[kinds][:, None], HIGHEST[kinds][:, None])
    for code, function in ((COUNT, _count), (RATE, _rate), (POSITIVE, np.cbrt)):
        rows = kinds == code
        if rows.any():
            result[rows] = function(bounded[rows])
    return result


def backward(values: Matrix, kinds: Codes) -> Matrix:
    """Invert :func:`forward`; scores beyond a kind's range give its nearest possible value."""
    result = np.array(values, dtype=np.float64)
    for code, function in ((COUNT, _count_back), (RATE, _rate_back), (POSITIVE, _positive_back)):
        rows = kinds == code
        if rows.any():
            result[rows] = function(result[rows])
    return result


def _count(values: Matrix) -> Matrix:
    result: Matrix = 40.0 * np.arcsinh(0.05 * np.sqrt(values + 0.375))
    return result


def _count_back(values: Matrix) -> Matrix:
    with np.errstate(over="ignore"):
        result: Matrix = np.maximum((np.sinh(np.maximum(values, 0.0) / 40.0) / 0.05) ** 2 - 0.375, 0.0)
    return result


def _rate(values: Matrix) -> Matrix:
    result: Matrix = 2.0 * np.arcsin(np.sqrt(values))
    return result


def _rate_back(values: Matrix) -> Matrix:
    result: Matrix = np.sin(np.clip(values, 0.0, np.pi) / 2.0) ** 2
    return result


def _positive_back(values: Matrix) -> Matrix:
    result: Matrix = np.maximum(values, 0.0) ** 3
    return result
