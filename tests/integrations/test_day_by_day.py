"""Runs of day after day, and replays of the past, come to the same as one run of it all."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
from pandas.testing import assert_frame_equal

from tests.conftest import Observed
from tests.integrations.test_chaos import MIDNIGHT, days, fill, frame, wavy

STATE = {
    "metric_observations": "series_key, bucket_start, value",
    "baselines": "series_key, bucket_start, status, observed_value, expected_value, lower_bound, upper_bound, scale, "
    "sample_size, method, score, severity, reason",
    "alerts": "alert_key, window_start, window_end, status, observed_value, expected_value, score, severity, reason",
}


def state(observed: Observed, **restrictions: str) -> dict[str, pd.DataFrame]:
    return {table: frame(observed, table, columns, restrictions.get(table, "")) for table, columns in STATE.items()}


def same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    assert one.keys() == other.keys()
    for table in one:
        assert_frame_equal(one[table], other[table], check_exact=True)


def test_day_by_day_comes_to_the_same_as_all_at_once(observed: Observed) -> None:
    counts = wavy(60)
    counts[-4] = 900
    counts[-2] = 0
    days(observed, "orders", counts)
    hourly_counts = [40 + (k % 24) + (k * 5) % 7 for k in range(24 * 40)]
    hourly_counts[-30:-27] = [0, 0, 0]
    fill(observed, "events", hourly_counts, end=MIDNIGHT, step=timedelta(hours=1))
    observed.declare(
        {
            "orders": {"timestamp_column": "at"},
            "events": {"timestamp_column": "at", "grain": "hour", "metrics": ["row_count"]},
        }
    )
    for day in ("2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"):
        observed.run(day)
    judged = {"baselines": "where status <> 'forecast'"}
    step_by_step = state(observed, **judged)
    assert len(step_by_step["alerts"]) >= 3

    whole = state(observed)
    runs_before = frame(observed, "alerts", "alert_key, occurrences, first_seen_at, last_seen_at, resolved_at")
    observed.run("2026-02-28")
    same(whole, state(observed))
    assert_frame_equal(
        runs_before, frame(observed, "alerts", "alert_key, occurrences, first_seen_at, last_seen_at, resolved_at")
    )

    server, shop = observed.server, observed.shop
    observed.warehouse = server.create_database("observed", template="observed_template")
    assert observed.shop == shop
    observed.run("2026-03-02")
    same(step_by_step, state(observed, **judged))
