"""Frames as CSV for COPY."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lookout.plain import plain, plain_name

# Marks a missing value on its way into the database; no text that people write is this.
NULL = "\x01"
# Columns whose text stands in one line of lists and messages.
ONE_LINE = {"connection", "asset", "column_name", "metric", "name", "expected", "actual", "owner", "layer"}
_ROWS_AT_A_TIME = 50_000  # as text, so that a million rows need little memory


def as_csv(frame: pd.DataFrame) -> io.BytesIO:
    """Return the rows of a frame as CSV in UTF-8, without a header; a missing value is :data:`NULL`."""
    buffer = io.BytesIO()
    for begin in range(0, len(frame), _ROWS_AT_A_TIME):
        part = frame.iloc[begin : begin + _ROWS_AT_A_TIME]
        try:
            text = _lines(part)
        except csv.Error:
            # The writer of Python 3.10 refuses the NUL character.
            bare = {name: part[name].map(_without_nul) for name in part.select_dtypes("object").columns}
            text = _lines(part.assign(**bare))
        # PostgreSQL stores neither the NUL character nor half of a surrogate pair.
        buffer.write(text.replace("\x00", "").encode("utf-8", "replace"))
    buffer.seek(0)
    return buffer


def _lines(frame: pd.DataFrame) -> str:
    # Lines end in CR LF so that the writer quotes a lone CR too, which COPY would otherwise refuse.
    buffer = io.StringIO(newline="")
    columns = [_cells(frame.iloc[:, position]) for position in range(frame.shape[1])]
    # Alone on its line, the text \. ends the data before PostgreSQL 18 unless it is quoted. A column that comes alone
    # is the key, which is never missing.
    writer = csv.writer(
        buffer, lineterminator="\r\n", quoting=csv.QUOTE_ALL if len(columns) == 1 else csv.QUOTE_MINIMAL
    )
    writer.writerows(zip(*columns, strict=True))
    return buffer.getvalue()


def _cells(column: pd.Series[Any]) -> Sequence[Any]:
    """Return a column as the CSV writer needs it, NULL for a missing value; far faster than ``DataFrame.to_csv``."""
    if column.dtype == np.float64:
        return [NULL if value != value else repr(value) for value in column.tolist()]
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        # Many rows share few times: each is formatted once.
        codes, times = pd.factorize(column)
        # The last one stands for NaT, whose code is -1.
        texts = [*pd.DatetimeIndex(times).strftime("%Y-%m-%dT%H:%M:%S.%f%z"), NULL]
        return [texts[code] for code in codes.tolist()]
    missing = column.isna().to_numpy()
    clean = plain_name if column.name in ONE_LINE else plain
    cells: list[Any] = [clean(value) if isinstance(value, str) else value for value in column.astype(object).tolist()]
    for position in np.flatnonzero(missing):
        cells[position] = NULL
    return cells


def _without_nul(value: Any) -> Any:
    return value.replace("\x00", "") if isinstance(value, str) else value
