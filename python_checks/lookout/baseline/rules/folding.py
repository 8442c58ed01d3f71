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
from numpy.typing import NDArray

from lookout.baseline.learned import Forecast, Panel
from lookout.baseline.spans import SPANS
from lookout.baseline.windows import Mask

Minutes = NDArray[np.int64]


def by_hour(panel: Panel, compute: Callable[[Panel], tuple[Forecast, Mask]]) -> tuple[Forecast, Mask]:
    """Return a forecast and a mask, computed from a panel of hourly series; the forecast's counts are in hours."""
    folds = panel.spans.folds
    if folds == 1:
        return compute(panel)
    columns = panel.observed.shape[1]
    # A few new buckets need the minutes they begin at alone.
    minutes = np.unique(np.arange(panel.start, min(columns, panel.start + folds)) % folds)
    result, mask = compute(_folded(panel, minutes))
    parts = {part.name: _unfold(getattr(result, part.name), minutes, panel) for part in fields(result)}
    return replace(result, **parts), _unfold(mask, minutes, panel)


def _folded(panel: Panel, minutes: Minutes) -> Panel:
    folds, count = panel.spans.folds, len(panel.kinds)
    parts: dict[str, Any] = {}
    for part in fields(panel):
        value = getattr(panel, part.name)
        if isinstance(value, np.ndarray):
            parts[part.name] = _fold(value, folds, minutes) if value.ndim == 2 else np.repeat(value, len(minutes))
    parts["newest"] = (parts["newest"] - np.tile(minutes, count)) // folds
    return replace(panel, **parts, spans=SPANS["hour"], start=panel.start // folds)


def _fold(matrix: Any, folds: int, minutes: Minutes) -> Any:
    """Return a row for each row and minute past the hour, its buckets an hour apart."""
    rows, columns = matrix.shape
    lacking = -columns % folds
    if lacking:
        empty = np.zeros((rows, lacking), dtype=bool) if matrix.dtype == bool else np.full((rows, lacking), np.nan)
        matrix = np.concatenate([matrix, empty], axis=1)
    return matrix.reshape(rows, -1, folds)[:, :, minutes].transpose(0, 2, 1).reshape(rows * len(minutes), -1)


def _unfold(matrix: Any, minutes: Minutes, panel: Panel) -> Any:
    rows, columns = panel.observed.shape
    narrow = matrix.reshape(rows, len(minutes), -1).transpose(0, 2, 1)
    whole = np.zeros((rows, narrow.shape[1], panel.spans.folds), dtype=matrix.dtype)
    if matrix.dtype.kind == "f":
        whole[:] = np.nan
    whole[:, :, minutes] = narrow
    return whole.reshape(rows, -1)[:, :columns]
