"""The scorecard and the reports over stored rows: every number in a report is what a query of its own says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from lookout.database.connection import Connection
from lookout.database.store import Store
from lookout.report.write import write_reports
from tests.conftest import DbtRunner

NOW = datetime(2025, 1, 31, 6, tzinfo=timezone.utc)
AS_OF = "2025-01-31T06:00:00+00:00"
ROWS = """
insert into monitoring.monitors (series_key, connection, asset, column_name, metric, kind, grain, layer, owner, method,
    alert_from, error_after_seconds, is_active) values
    ('rows', 'shop', 'marts.fact_orders', '', 'row_count', 'count', 'day', 'batch', 'sales', 'zscore', 'critical', null, true),
    ('share', 'shop', 'marts.fact_orders', 'paid|late', 'null_rate', 'rate', 'day', 'batch', 'sales', 'learned', 'warning', null, true),
    ('age', 'shop', 'marts.fact_orders', '', 'freshness', 'positive', 'day', 'batch', 'sales', 'learned', 'critical', 1800, true),
    ('feed', 'feed', 'cdc.orders_history', '', 'row_count', 'count', 'hour', 'cdc', 'platform', 'learned', 'critical', null, true),
    ('blind', 'lost', 'public.remote', '', 'row_count', 'count', 'day', 'batch', '', 'learned', 'critical', null, true);
insert into monitoring.baselines (series_key, bucket_start, status, observed_value, expected_value, lower_bound, upper_bound,
    scale, sample_size, method, score, severity, reason, learned_at)
select 'rows', timestamptz '2025-01-01Z' + n * interval '1 day', case when n < 30 then 'judged' else 'forecast' end,
    case when n < 30 then 1247 end, 1291.2857142857, 1039.9, 1542.7, 83.78951, 14, 'zscore', -0.53, '', '', timestamptz '2025-01-31 05:00Z'
from generate_series(20, 32) as n
union all
select 'feed', timestamptz '2025-01-31 05:00Z', 'judged', 2, 20, 5, 35, 5, 24, 'learned', -3.6, 'critical', 'few', '2025-01-31 06:00Z'
union all
select 'share', timestamptz '2025-01-30Z', 'learning', 0.1, null, null, null, null, 6, 'learned', null, '',
    'needs 8 more days of history', '2025-01-31 06:00Z';
insert into monitoring.metric_observations (series_key, bucket_start, value)
select 'rows', timestamptz '2025-01-01Z' + n * interval '1 day', 1247 from generate_series(0, 29) as n;
insert into monitoring.collection_results (connection, asset, as_of, status, message, owner, layer) values
    ('shop', 'marts.fact_orders', '2025-01-31 06:00Z', 'ok', '', 'sales', 'batch'),
    ('feed', 'cdc.orders_history', '2025-01-31 06:00Z', 'ok', '', 'platform', 'cdc'),
    ('lost', 'public.remote', '2025-01-30 06:00Z', 'ok', '', '', 'batch'),
    ('lost', 'public.remote', '2025-01-31 06:00Z', 'source_unreachable', 'connection refused', '', 'batch'),
    ('lost', 'public.remote', '2025-02-01 06:00Z', 'ok', '', '', 'batch');
insert into monitoring.lookout_runs (run_id, command, as_of, status)
select n::text, 'run', timestamptz '2025-01-31 06:00Z' - n * interval '40 minutes',
    case n when 0 then 'running' when 500 then 'partial' else 'success' end
from generate_series(0, 1000) as n;
insert into monitoring.assets (node_id, name, connection, asset, layer, owner, has_description, test_count, is_active) values
    ('model.shop.fact_orders', 'fact_orders', 'shop', 'marts.fact_orders', 'batch', 'sales', true, 2, true),
    ('model.shop.plain', 'plain', 'shop', 'marts.plain', 'marts', '', false, 0, true);
insert into monitoring.dbt_results (invocation_id, node_id, name, resource_type, outcome, connection, asset, owner, layer, executed_at)
values
    ('1', 'test.a', 'a', 'test', 'passed', 'shop', 'marts.fact_orders', 'sales', 'batch', '2025-01-31 05:00Z'),
    ('1', 'test.b', 'b', 'test', 'failed', 'shop', 'marts.fact_orders', 'sales', 'batch', '2025-01-31 05:00Z');
insert into monitoring.alerts (alert_key, alert_type, severity, status, connection, asset, column_name, metric, layer, owner,
    series_key, window_start, window_end, observed_value, expected_value, lower_bound, upper_bound, reason, description,
    first_seen_at, last_seen_at, occurrences, resolved_at) values
    ('v', 'VOLUME_ANOMALY', 'critical', 'open', 'feed', 'cdc.orders_history', '', 'row_count', 'cdc', 'platform', 'feed',
     '2025-01-31 05:00Z', '2025-01-31 06:00Z', 2, 20, 5, 35, '10 % of the usual 20', 'row_count was 2', '2025-01-31 06:00Z', '2025-01-31 06:00Z', 1, null),
    ('m', 'METRIC_ANOMALY', 'warning', 'open', 'shop', 'marts.fact_orders', 'paid|late', 'null_rate', 'batch', 'sales', 'share',
     '2025-01-30Z', '2025-01-31Z', 0.25, 0.01, null, 0.1, '25 times the usual', 'null_rate was 25 %', '2025-01-31 00:00Z', '2025-01-31 06:00Z', 2, null),
    ('c', 'CONTRACT_VIOLATION', 'critical', 'open', 'shop', 'marts.fact_orders', 'total', '', 'batch', 'sales', null,
     '2025-01-29Z', null, 3, 0, null, null, 'total is text', 'total broke its contract', '2025-01-29 06:00Z', '2025-01-31 06:00Z', 9, null),
    ('t', 'TEST_FAILURE', 'critical', 'open', 'shop', 'marts.fact_orders', '', 'b', 'batch', 'sales', null,
     '2025-01-31 05:00Z', null, 1234, 0, null, null, 'Got 1234 results', 'dbt test b failed', '2025-01-31 05:00Z', '2025-01-31 06:00Z', 1, null),
    ('s', 'SOURCE_UNREACHABLE', 'critical', 'open', 'lost', '', '', '', '', '', null,
     '2025-01-31 06:00Z', null, null, null, null, null, 'connection refused', 'source could not be reached', '2025-01-31 06:00Z', '2025-01-31 06:00Z', 1, null),
    ('old', 'STALE_DATA_FLOW', 'critical', 'resolved', 'shop', 'marts.fact_orders', '', 'freshness', 'batch', 'sales', 'age',
     '2024-11-03 01:00Z', '2024-11-03 04:00Z', 5400, 600, null, 1800, 'late', 'old', '2024-11-03 02:00Z', '2024-11-03 03:00Z', 2, '2024-11-03 04:00Z'),
    ('later', 'VOLUME_ANOMALY', 'critical', 'open', 'shop', 'marts.fact_orders', '', 'row_count', 'batch', 'sales', 'rows',
     '2025-02-01Z', null, 0, 1291, null, null, 'after the run clock', 'later', '2025-02-02Z', '2025-02-02Z', 1, null);
"""


@dataclass
class Reports:
    """The three texts, by file name, of an empty and of a filled schema."""

    empty: dict[str, str]
    full: dict[str, str]
    folder: Path
    warehouse: Connection


@pytest.fixture(scope="module")
def reports(warehouse: Connection, dbt: DbtRunner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reports]:
    folder = tmp_path_factory.mktemp("reports")

    def written(name: str) -> dict[str, str]:
        with Store(warehouse) as store:
            return {path.name: path.read_text() for path in write_reports(store, folder / name, as_of=NOW)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOKOUT_AS_OF", AS_OF)
        assert dbt(["run", "--select", "monitoring"]).success
        empty = written("empty")
        with Store(warehouse) as store:
            store.execute(ROWS)
        assert dbt(["run", "--select", "alert_states", "series_states", "asset_states", "scorecard"]).success
        yield Reports(empty, written("full"), folder, warehouse)


@pytest.fixture
def ask(reports: Reports, sql_rows: Callable[..., list[tuple[Any, ...]]]) -> Callable[[str], list[tuple[Any, ...]]]:
    return lambda statement: sql_rows(reports.warehouse, statement)


Ask = Callable[[str], list[tuple[Any, ...]]]


def test_alerts_lower_the_layer_they_arose_in(ask: Ask) -> None:
    rows = ask("select scope, connection, name, score, status from monitoring.scorecard order by 1, 2, 3")
    assert rows == [
        ("asset", "feed", "cdc.orders_history", 60.0, "Fair"),
        ("asset", "lost", "public.remote", None, "not evaluated"),
        ("asset", "shop", "marts.fact_orders", 10.0, "Poor"),
        ("asset", "shop", "marts.plain", None, "not evaluated"),
        ("connection", "feed", "feed", 60.0, "Fair"),
        ("connection", "lost", "lost", None, "not evaluated"),
        ("connection", "shop", "shop", 10.0, "Poor"),
        ("layer", "", "batch", 75.0, "Minor Anomaly"),
        ("layer", "", "cdc", 80.0, "Minor Anomaly"),
        ("layer", "", "marts", None, "not evaluated"),
        ("owner", "", "nobody named", None, "not evaluated"),
        ("owner", "", "platform", 60.0, "Fair"),
        ("owner", "", "sales", 10.0, "Poor"),
        ("platform", "", "Batch layer", 75.0, "Minor Anomaly"),
        ("platform", "", "CDC layer", 80.0, "Minor Anomaly"),
        ("platform", "", "Contract compliance", 85.0, "Minor Violation"),
        ("platform", "", "Overall", 0.0, "CRITICAL"),
        ("platform", "", "Platform reliability", 0.0, "Poor"),
    ]


def test_the_scorecard_carries_the_run_clock(ask: Ask) -> None:
    assert ask("select distinct as_of from monitoring.scorecard") == [(NOW,)]
    assert ask("select last_evaluated_at from monitoring.scorecard where name = 'public.remote'") == [
        (datetime(2025, 1, 30, 6, tzinfo=timezone.utc),)
    ]


def test_the_components_of_the_portfolio_are_the_scorecards(reports: Reports, ask: Ask) -> None:
    told = reports.full["PORTFOLIO_HEALTH_REPORT.md"]
    rows = ask("select name, status, score from monitoring.scorecard where scope = 'platform' and name <> 'Overall'")
    assert len(rows) == 4
    for name, status, score in rows:
        assert f"| {name} | {status} | {score:.1f} |" in told
    assert "Overall status: **CRITICAL**" in told
    assert (
        "**5 open alerts, 4 critical; 1 of 3 watched tables could not be evaluated. Overall status: CRITICAL.**" in told
    )


UNTIL_NOW = "from monitoring.alerts where first_seen_at < '2025-02-01Z'"


@pytest.mark.parametrize(
    ("line", "count"),
    [
        (
            "Learned series (with a judged baseline): {}",
            "count(distinct series_key) from monitoring.baselines where status = 'judged'",
        ),
        ("Open critical alerts: {}", f"count(*) {UNTIL_NOW} and status = 'open' and severity = 'critical'"),
        ("Open warnings: {}", f"count(*) {UNTIL_NOW} and status = 'open' and severity = 'warning'"),
        ("Watched: {} series on 3 tables in 3 databases", "count(*) from monitoring.monitors"),
        (
            "Observations: {}, newest bucket starts 2025-01-30 00:00 UTC",
            "count(*) from monitoring.metric_observations",
        ),
        (
            "Baselines: {}, last learned 2025-01-31 06:00 UTC",
            "count(*) from monitoring.baselines where status <> 'forecast'",
        ),
        ("Alerts: {}, of which 5 open, newest first seen 2025-01-31 06:00 UTC", f"count(*) {UNTIL_NOW}"),
        (
            "Availability, last 30 days: {} of 1,000 finished runs (99.90 %) without a failure",
            "count(*) from monitoring.lookout_runs where status = 'success'",
        ),
        (
            "Looks at tables, last 30 days: {} of 4 looks (75.00 %) could evaluate the table",
            "count(*) from monitoring.collection_results where status = 'ok' and as_of < '2025-02-01Z'",
        ),
    ],
)
def test_a_number_of_the_portfolio_is_a_querys(reports: Reports, ask: Ask, line: str, count: str) -> None:
    number = f"{ask(f'select {count}')[0][0]:,}"
    assert f"- {line.format(number)}\n" in reports.full["PORTFOLIO_HEALTH_REPORT.md"]


def test_alert_types_coverage_and_owners_add_up(reports: Reports, ask: Ask) -> None:
    told = reports.full["PORTFOLIO_HEALTH_REPORT.md"]
    assert "| VOLUME_ANOMALY | 1 | 0 | 0 | 1 | 2025-01-31 05:00 |" in told
    assert "| STALE_DATA_FLOW | 0 | 0 | 1 | 1 | 2024-11-03 01:00 |" in told
    assert "| batch | 2 | 2 | 1 | 1 | 1 | 1 |" in told
    assert "| marts | 1 | 0 | 0 | 0 | 0 | 0 |" in told
    assert "| nobody named | **NOT EVALUATED** | – | 0 | 0 | 0 of 1 |" in told
    assert "- 1 of 4 tables not watched\n- 3 of 4 tables without a test\n- 3 of 4 tables without a description" in told
    assert "Next scheduled report: 2025-01-31 07:00 UTC." in told


def test_the_detection_summary_tells_found_normal_and_not_evaluated_apart(reports: Reports) -> None:
    told = reports.full["detection_summary.md"]
    assert "- Volume Anomaly: **DETECTED** (1 open alert, 2 of 3 series evaluated, **NOT EVALUATED** for 1)" in told
    assert "- Freshness Anomaly: **Normal** (1 of 1 series evaluated)" in told
    assert "- Metric Anomaly: **DETECTED** (1 open alert, 1 of 1 series evaluated)" in told
    assert "- Total anomalies open: **2**" in told
    assert "| `lost public.remote` | 2025-01-31 06:00 | 2025-01-30 06:00 | connection refused | nobody named |" in told
    assert "later" not in told


def test_open_and_resolved_alerts_stand_with_expected_observed_and_owner(reports: Reports) -> None:
    told = reports.full["detection_summary.md"]
    assert (
        "row_count | 2025-01-31 05:00 | 2025-01-31 06:00 | 20 rows | 2 rows | 10 % of the usual 20 | platform |" in told
    )
    assert r"null_rate of `paid\|late` | 2025-01-30 00:00 | 2025-01-31 06:00 | 1 % | 25 % |" in told
    assert "| 0 rows | 1,234 rows | Got 1234 results | sales |" in told
    assert "freshness | 2024-11-03 01:00 | 2024-11-03 04:00 | 10 min | 1.5 h | late | sales |" in told


def test_alerts_are_counted_by_month(reports: Reports, ask: Ask) -> None:
    told = reports.full["detection_summary.md"]
    months = re.findall(r"^\| (\d{4}-\d{2}) \| (\d+) \| (\d+) \| (\d+) \|$", told, re.MULTILINE)
    assert [month for month, *_ in months] == ["2025-01", *(f"2024-{n:02}" for n in range(12, 1, -1))]
    counted = ask(
        "select to_char(window_start at time zone 'UTC', 'YYYY-MM'), "
        "count(*) filter (where severity = 'critical')::text, count(*) filter (where severity = 'warning')::text, "
        f"count(*)::text {UNTIL_NOW} group by 1 order by 1 desc"
    )
    assert [row for row in months if row[3] != "0"] == counted


def test_every_series_has_its_baseline_or_says_what_it_waits_for(reports: Reports) -> None:
    told = reports.full["data_health_scorecard.md"]
    assert (
        "| row_count | 1,291.29 rows | 83.79 rows | 14 | zscore | 2025-01-30 | 1,247 rows | -0.53 | 2025-01-31 |"
        " 1,291.29 rows | ≤ 1,039 rows or ≥ 1,543 rows | 2025-01-31 05:00 |" in told
    )
    assert "| row_count | 20 rows | 5 | 24 | learned | 2025-01-31 05:00 | 2 rows | -3.60 **critical** |" in told
    assert r"- null_rate of `paid\|late`: learning, needs 8 more days of history." in told
    assert "- freshness has a fixed limit: critical when older than 30 min." in told
    assert told.index("`lost public.remote`\n") < told.index("`shop marts.fact_orders`\n")


def test_an_empty_schema_is_not_evaluated(reports: Reports) -> None:
    assert "Nothing has been collected yet" in reports.empty["index.html"]
    assert 'data-state="not evaluated"' in reports.empty["index.html"]
    for name, told in reports.empty.items():
        if name == "index.html":
            continue
        what = "No table has a contract yet" if "contract" in str(name) else "Nothing has been collected yet"
        assert f"**NOT EVALUATED.** {what}" in told
        assert "Normal" not in told
        assert "HEALTHY" not in told


def test_the_same_rows_give_the_same_bytes(reports: Reports) -> None:
    before = {path.name: path.read_bytes() for path in (reports.folder / "full").iterdir() if path.is_file()}
    with Store(reports.warehouse) as store:
        write_reports(store, reports.folder / "full", as_of=NOW)
    assert {path.name: path.read_bytes() for path in (reports.folder / "full").iterdir() if path.is_file()} == before
    assert sorted(before) == [
        "PORTFOLIO_HEALTH_REPORT.md",
        "contract_validation_report.md",
        "data_health_scorecard.md",
        "detection_summary.md",
        "index.html",
    ]


def test_a_schema_without_tables_is_not_evaluated(server: Any, tmp_path: Path) -> None:
    with Store(server.create_database()) as store:
        paths = write_reports(store, tmp_path, as_of=NOW)
    assert all("**NOT EVALUATED.** The monitoring schema lacks" in path.read_text() for path in paths[:-1])
    assert ">Not evaluated</h1>" in paths[-1].read_text()
