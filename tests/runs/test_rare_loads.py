"""Learning day by day knows the rhythm of rare loads as well as learning all at once: it reads as much as it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from lookout.database.store import Store
from lookout.runs.learning.exclusions import WINDOW_COLUMNS
from lookout.runs.learning.stored import judge_stored

DAYS = pd.date_range("2022-01-01", periods=1400, tz="UTC")


class Stored:
    """Observations as the store returns them: a number of the series, seconds and a value."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.rows_read = 0

    def fetch_numbers(self, statement: str, columns: int, parameters: Sequence[Any]) -> Any:
        keys, since, until = parameters
        parts = []
        for number, (key, first, end) in enumerate(zip(keys, since, until, strict=True)):
            chosen = (first <= DAYS) & (end > DAYS)
            seconds = (DAYS[chosen] - pd.Timestamp(0, tz="UTC")).total_seconds()
            parts.append(np.column_stack([np.full(chosen.sum(), number), seconds, self.values[key][chosen]]))
        rows = np.concatenate(parts)
        self.rows_read += len(rows)
        return rows


def judged(stored: Stored, judge_from: pd.Timestamp | None) -> pd.DataFrame:
    series = pd.DataFrame(
        {"kind": "count", "grain": "day", "metric": "row_count", "judge_from": judge_from}, index=list(stored.values)
    ).assign(time_zone=None)
    windows = pd.DataFrame(columns=list(WINDOW_COLUMNS))
    restarts = pd.DataFrame({"series_key": [], "restart_at": pd.to_datetime([], utc=True)})
    store = cast(Store, stored)
    return judge_stored(store, series, windows, restarts, as_of=DAYS[-1] + pd.Timedelta(days=1), horizon=3)


def test_the_newest_days_are_judged_as_in_a_full_learning() -> None:
    rng = np.random.default_rng(4)
    filled = {
        "monthly": DAYS.day == 1,
        "quarterly": (DAYS.day == 2) & (DAYS.month % 3 == 0),
        "dead": np.arange(len(DAYS)) < 1250,
        "daily": np.arange(len(DAYS)) >= 0,
    }
    stored = Stored({key: np.where(days, rng.poisson(900, len(DAYS)), 0.0) for key, days in filled.items()})
    full = judged(stored, None)
    stored.rows_read = 0
    newest = judged(stored, DAYS[-5])
    expected = full[full["bucket_start"] >= DAYS[-5]].reset_index(drop=True)
    pd.testing.assert_frame_equal(newest, expected, check_exact=True)
    assert set(newest.status) == {"judged", "forecast"}
    # Three of the four have few loads; of the daily one no more is read than before.
    assert stored.rows_read < 4 * 220 + 3 * 1120
