"""Series of parts of an hour as hourly ones side by side: one for the buckets at each minute past the hour.

A week of 5-minute buckets is 2,016. Windows that long would take minutes to sort, and what a forecast needs to know is
the same as for hours: how the level moves from day to day, and the hour of the day and of the week. So the buckets at
five past are forecast from those at five past, twelve series in place of one, by the windows of hourly series.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from lookout.baseline.learned import Forecast, Panel
from lookout.baseline.spans import SPANS
from lookout.baseline.windows import Mask


def by_hour(panel: Panel, compute: Callable[[Panel], tuple[Forecast, Mask]]) -> tuple[Forecast, Mask]:
    """Return a forecast and a mask, computed from a panel of hourly series; the forecast's counts are in hours."""
    folds = panel.spans.folds
    if folds == 1:
        return compute(panel)
    rows, columns = panel.observed.shape
    result, mask = compute(_folded(panel))
    parts = {part.name: _unfold(getattr(result, part.name), rows, columns) for part in fields(result)}
    return replace(result, **parts), _unfold(mask, rows, columns)


def _folded(panel: Panel) -> Panel:
    rows, columns = panel.observed.shape
    folds = panel.spans.folds
    parts = {}
    for part in fields(panel):
        value = getattr(panel, part.name)
        if isinstance(value, np.ndarray):
            parts[part.name] = _fold(value, folds) if value.ndim == 2 else np.repeat(value, folds)
    phase = np.tile(np.arange(folds), rows)
    parts["newest"] = (parts["newest"] - phase) // folds
    return replace(panel, **parts, spans=SPANS["hour"], start=panel.start // folds)


def _fold(matrix: Any, folds: int) -> Any:
    rows, columns = matrix.shape
    lacking = -columns % folds
    if lacking:
        empty = np.zeros((rows, lacking), dtype=bool) if matrix.dtype == bool else np.full((rows, lacking), np.nan)
        matrix = np.concatenate([matrix, empty], axis=1)
    return matrix.reshape(rows, -1, folds).transpose(0, 2, 1).reshape(rows * folds, -1)


def _unfold(matrix: Any, rows: int, columns: int) -> Any:
    folds = matrix.shape[0] // max(rows, 1)
    return matrix.reshape(rows, folds, -1).transpose(0, 2, 1).reshape(rows, -1)[:, :columns]
