"""Rows in, alerts out: what breaks in real tables, seen from outside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest
import yaml
from psycopg2.extras import execute_values

from lookout.database.connection import connect
from tests.conftest import MONITORING, Observed

UTC = timezone.utc
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
# Nine pairs of 15 and 25 and one 20: mean 20, sample deviation exactly 5.
PLAIN = [15, 25] * 9 + [20]
# Two weeks of a real table; mean 1291.2857, sample deviation 83.7895.
FORTNIGHT = [1247, 1198, 1312, 1287, 1156, 1432, 1389, 1223, 1298, 1345, 1267, 1189, 1401, 1334]


def fill(observed: Observed, table: str, counts: Iterable[int], *, end: datetime, step: timedelta) -> None:
    """A table with so many rows in each bucket; the last bucket ends at ``end``."""
    counts = list(counts)
    starts = [end - step * (len(counts) - k) for k in range(len(counts))]
    handle = connect(observed.shop)
    with handle, handle.cursor() as cursor:
        cursor.execute(f'create table if not exists "{table}" (at timestamptz)')
        execute_values(
            cursor,
            f'insert into "{table}" select start + length * (n + 0.5) / total from (values %s) '
            "as b (start, length, total), generate_series(0, total - 1) as n",
            [(start, step, count) for start, count in zip(starts, counts, strict=True)],
            template="(%s::timestamptz, %s::interval, %s::int)",
        )
    handle.close()


def hours(observed: Observed, table: str, counts: Iterable[int]) -> None:
    fill(observed, table, counts, end=NOON, step=timedelta(hours=1))


def days(observed: Observed, table: str, counts: Iterable[int], end: datetime = MIDNIGHT) -> None:
    fill(observed, table, counts, end=end, step=timedelta(days=1))


def wavy(count: int, level: int = 200) -> list[int]:
    return [level + (k * 7) % 11 for k in range(count)]


def alerts(observed: Observed, columns: str, rest: str = "") -> list[tuple[Any, ...]]:
    return observed.sql(f"select {columns} from {MONITORING}.alerts {rest} order by asset, window_start", at="observed")


def frame(observed: Observed, table: str, columns: str, rest: str = "") -> pd.DataFrame:
    found = observed.sql(f"select {columns} from {MONITORING}.{table} {rest} order by 1, 2", at="observed")
    return pd.DataFrame(found)


@pytest.fixture
def hourly(observed: Observed) -> dict[str, Any]:
    return {"timestamp_column": "at", "grain": "hour", "metrics": [{"name": "row_count", "method": "zscore"}]}


def test_counts_of_the_last_hour_against_mean_and_deviation(observed: Observed, hourly: dict[str, Any]) -> None:
    current = {"dropped": 2, "rose": 36, "at_upper": 35, "at_lower": 5, "near": 34, "calm": 29, "vanished": 0}
    for table, count in current.items():
        hours(observed, table, [*PLAIN, count])
    hours(observed, "constant", [20] * 24 + [500])
    hours(observed, "unchanged", [20] * 25)
    hours(observed, "newborn", [20, 20, 20, 500])
    tables: dict[str, Any] = dict.fromkeys((*current, "constant", "unchanged", "newborn"), hourly)
    tables["dropped"] = {**hourly, "owner": "cdc team"}
    for minutes in (45, 30, 10):
        observed.sql(f"create table old_{minutes} (at timestamptz)")
        observed.sql(f"insert into old_{minutes} values (%s)", (NOON - timedelta(minutes=minutes),))
        limit = {"freshness": {"error_after": "30 minutes"}, "metrics": ["freshness"]}
        tables[f"old_{minutes}"] = {"timestamp_column": "at", "grain": "hour", **limit}
    observed.sql("create table never (at timestamptz)")
    tables["never"] = tables["old_45"]
    observed.declare(tables)
    objects = (
        "select oid, relname, relnamespace from pg_class "
        "where relnamespace not in (select oid from pg_namespace where nspname like 'pg_toast%%') order by 1"
    )
    before = observed.sql(objects)

    summary = observed.run("2026-03-01 12:00")

    assert observed.sql(objects) == before  # O-S10
    assert (summary.exit_code, summary.problems) == (1, ())
    found = {
        asset.removeprefix("public."): tuple(rest)
        for asset, *rest in alerts(
            observed,
            "asset, alert_type, severity, observed_value, lower_bound, upper_bound, round(score::numeric, 4)::float",
            "where status = 'open'",
        )
    }
    volume = "VOLUME_ANOMALY"
    constant = found.pop("constant")
    assert constant[:3] == (volume, "critical", 500.0)  # O-D4
    assert found == {
        "dropped": (volume, "critical", 2.0, 5.0, 35.0, -3.6),  # O-T1, O-D1, O-D2
        "rose": (volume, "critical", 36.0, 5.0, 35.0, 3.2),
        "at_upper": (volume, "critical", 35.0, 5.0, 35.0, 3.0),
        "at_lower": (volume, "critical", 5.0, 5.0, 35.0, -3.0),
        "near": (volume, "warning", 34.0, 5.0, 35.0, 2.8),
        "vanished": (volume, "critical", 0.0, 5.0, 35.0, -4.0),  # O-D3
        "old_45": ("STALE_DATA_FLOW", "critical", 2700.0, None, 1800.0, None),  # O-T2, O-D7
        "never": ("STALE_DATA_FLOW", "critical", None, None, 1800.0, None),
    }
    assert alerts(observed, "window_start, owner", "where asset = 'public.dropped'") == [
        (NOON - timedelta(hours=1), "cdc team")
    ]
    # O-D5: what has no baseline yet is neither normal nor an anomaly.
    newborn = observed.sql(
        f"select b.status, b.score, b.severity, b.reason from {MONITORING}.baselines as b "
        f"join {MONITORING}.monitors as m using (series_key) where m.asset = 'public.newborn' and b.bucket_start = %s",
        (NOON - timedelta(hours=1),),
        at="observed",
    )
    assert newborn == [("learning", None, "", "needs 7 more hours of history")]
    report = "".join(path.read_text() for path in summary.reports if path.name == "detection_summary.md")
    assert "5 series without enough history" in report

    observed.sql("insert into old_45 values (%s)", (NOON + timedelta(minutes=1),))
    observed.run("2026-03-01 12:10")
    assert alerts(observed, "status, occurrences", "where asset = 'public.old_45'") == [("resolved", 1)]


def test_days_that_a_person_would_call_wrong(observed: Observed) -> None:
    weekly = [1000 + (k * 7) % 21 if k % 7 < 5 else 100 + k % 6 for k in range(56)]  # Monday first; ends on a Sunday
    cases = {
        "fell": ([*FORTNIGHT, 342], True),  # O-D8 with too little history for the learned method's weekly shape
        "doubled": ([*wavy(60), 410], True),
        "emptied": ([*wavy(60), 0], True),
        "usual": ([*wavy(60), 205], False),
        "sunday": ([*weekly[:-1], 102], False),  # O-P5
        "busy_sunday": ([*weekly[:-1], 1000], True),
        "quiet_friday": ([*weekly[:-3], 100, *weekly[-2:]], None),
    }
    for table, (counts, _) in cases.items():
        days(observed, table, counts)
    observed.declare({name: {"timestamp_column": "at", "metrics": ["row_count"]} for name in cases})
    summary = observed.run("2026-03-02")
    assert summary.problems == ()
    found = {
        asset.removeprefix("public.")
        for (asset,) in alerts(observed, "asset", "where status = 'open' and severity = 'critical'")
    }
    assert found == {name for name, (_, is_wrong) in cases.items() if is_wrong}
    past = alerts(observed, "status, window_start, observed_value", "where asset = 'public.quiet_friday'")
    assert past == [("resolved", datetime(2026, 2, 27, tzinfo=UTC), 100.0)]
    fell = alerts(observed, "observed_value, score", "where asset = 'public.fell'")
    assert fell[0][0] == 342
    assert fell[0][1] <= -3


def test_rows_that_come_late_resolve_and_the_next_gap_is_a_new_alert(observed: Observed) -> None:
    days(observed, "orders", wavy(60))
    observed.declare({"orders": {"timestamp_column": "at", "metrics": ["row_count"]}})
    observed.run("2026-03-02")
    observed.run("2026-03-03")
    observed.run("2026-03-04")
    assert alerts(observed, "status, occurrences, window_start::date::text, window_end::date::text") == [
        ("open", 2, "2026-03-02", "2026-03-04")
    ]
    days(observed, "orders", wavy(2), end=datetime(2026, 3, 4, tzinfo=UTC))  # both days, within the late window
    assert observed.run("2026-03-04 06:00").exit_code == 0
    assert alerts(observed, "status, resolved_at::time::text") == [("resolved", "06:00:00")]
    assert frame(observed, "metric_observations", "bucket_start, value", "where bucket_start >= '2026-03-02Z'")[
        1
    ].tolist() == wavy(2)

    observed.run("2026-03-10")  # nothing for six days
    late = [(row[0], row[1]) for row in alerts(observed, "status, window_start::date::text")]
    assert late == [("resolved", "2026-03-02"), ("open", "2026-03-04")]
    days(observed, "orders", wavy(6), end=datetime(2026, 3, 10, tzinfo=UTC))  # three of them are later than three days
    assert observed.run("2026-03-10 06:00").exit_code == 0
    assert set(alerts(observed, "status, window_start::date::text")) == {
        ("resolved", "2026-03-02"),
        ("resolved", "2026-03-04"),
    }


def test_a_dead_source_beside_a_living_one(observed: Observed) -> None:
    far = observed.server.create_database("far")
    outputs = yaml.safe_load((observed.root / "profiles.yml").read_text())
    outputs["observed"]["outputs"]["far"] = {
        "type": "postgres",
        "schema": "public",
        "threads": 1,
        "password": "",
        **far.parameters,
    }
    (observed.root / "profiles.yml").write_text(yaml.safe_dump(outputs))
    days(observed, "orders", wavy(60))
    near, observed.shop = observed.shop, far
    days(observed, "items", wavy(62), end=datetime(2026, 3, 4, tzinfo=UTC))
    observed.shop = near
    plain = {"timestamp_column": "at", "metrics": ["row_count"]}
    observed.declare({"orders": plain, "items": {**plain, "connection": "far"}})
    assert observed.run("2026-03-02").exit_code == 0

    observed.server.run("alter database far rename to faraway")
    summary = observed.run("2026-03-03")
    assert summary.exit_code == 2
    assert len(summary.problems) == 1
    assert summary.problems[0].startswith("far public.items: Cannot connect to far (")
    assert alerts(observed, "alert_type, connection, status") == [
        ("SOURCE_UNREACHABLE", "far", "open"),
        ("VOLUME_ANOMALY", "shop", "open"),
    ]
    assert observed.sql(f"select status from {MONITORING}.lookout_runs order by batch_number", at="observed") == [
        ("success",),
        ("partial",),
    ]
    observed.server.run("alter database faraway rename to far")
    summary = observed.run("2026-03-04")
    assert summary.exit_code == 1
    assert alerts(observed, "alert_type, connection, status") == [
        ("SOURCE_UNREACHABLE", "far", "resolved"),
        ("VOLUME_ANOMALY", "shop", "open"),
    ]
    days_seen = observed.sql(
        f"select count(*), min(value) from {MONITORING}.metric_observations where connection = 'far'", at="observed"
    )
    assert days_seen == [(62, 200.0)]
