"""Queries of the Markdown reports. The one parameter of a query, if any, is the clock."""

from __future__ import annotations

from collections.abc import Mapping

from lookout.database.sql_files import read_sql

# The tables without which there is nothing to report.
TABLES = (
    "monitors", "metric_observations", "collection_results", "baselines", "lookout_runs", "assets", "dbt_results",
    "asset_status", "series_states", "asset_states", "alert_states", "alerts", "scorecard", "alert_feedback",
    "contracts", "contract_status", "contract_violations",
)  # fmt: skip
MOST_SERIES = 1000

SCORECARD = """
    select * from {schema}.scorecard
    order by scope, connection, name
"""

# The newest invocation of several nodes: one that builds a single table does not show a day's work.
NEWEST_BUILD = """newest as (
        select runs.execution_id, runs.start_date
        from {schema}.pipeline_executions as runs
        where runs.kind = 'dbt invocation' and runs.start_date <= %s and exists (
            select 1 from {schema}.pipeline_executions as nodes
            where nodes.parent_id = runs.execution_id
            offset 1
        )
        order by runs.start_date desc, runs.execution_id
        limit 1
    )"""

KNOWN_ALERTS = """
    with clock as (select %s::timestamptz as now),
    known as (
        select alerts.*, monitors.kind, monitors.grain, monitors.time_zone, states.is_open
        from {schema}.alerts as alerts
        inner join {schema}.alert_states as states on states.alert_key = alerts.alert_key
        left join {schema}.monitors as monitors on monitors.series_key = alerts.series_key
        where alerts.severity in ('critical', 'warning')
    )
"""

OPEN_ALERTS = """{known_alerts}
    select * from known where is_open order by severity, window_start, connection, asset, column_name, metric, alert_key
"""

RESOLVED_ALERTS = """{known_alerts}
    select * from known where not is_open
    order by coalesce(window_end, resolved_at) desc, connection, asset, column_name, metric, alert_key
    limit 20
"""

ALERT_MONTHS = """{known_alerts}
    select to_char(months.month, 'YYYY-MM') as month,
        count(*) filter (where known.severity = 'critical') as critical,
        count(*) filter (where known.severity = 'warning') as warning,
        count(known.alert_key) as total
    from clock
    cross join lateral generate_series(0, 11) as steps (back)
    cross join lateral (
        select date_trunc('month', clock.now at time zone 'UTC') - make_interval(months => steps.back) as month
    ) as months
    left join known on date_trunc('month', known.window_start at time zone 'UTC') = months.month
    group by months.month
    order by months.month desc
"""

ALERT_TYPES = """{known_alerts}
    select alert_type,
        count(*) filter (where is_open and severity = 'critical') as open_critical,
        count(*) filter (where is_open and severity = 'warning') as open_warning,
        count(*) filter (where not is_open) as resolved,
        count(*) as total,
        max(window_start) as newest_at
    from known
    group by alert_type
    order by alert_type
"""

SERIES = read_sql(__package__, "series")

DETECTORS = read_sql(__package__, "detectors")

THRESHOLDS = """
    select method, grain, warn_score, critical_score, min_sample_size, coalesce(alert_from, 'critical') as alert_from,
        count(*) as series
    from {schema}.monitors
    where is_active
    group by method, grain, warn_score, critical_score, min_sample_size, coalesce(alert_from, 'critical')
    order by method, grain, warn_score, critical_score, min_sample_size, coalesce(alert_from, 'critical')
"""

FRESHNESS_LIMITS = """
    select warn_after_seconds, error_after_seconds, count(distinct (connection, asset)) as tables
    from {schema}.monitors
    where is_active and coalesce(warn_after_seconds, error_after_seconds) is not null
    group by warn_after_seconds, error_after_seconds
    order by warn_after_seconds, error_after_seconds
"""

UNEVALUATED = """
    select connection, asset, owner, status, reason as message, unevaluated_since, evaluated_at
    from {schema}.asset_states
    where state = 'not evaluated'
    order by connection, asset, owner
"""

ASSET_STATES = "select * from {schema}.asset_states order by connection, asset"

# Availability: the share of the last 30 days' runs, and of their looks at tables, that could evaluate everything.
TOTALS = read_sql(__package__, "totals")

ANSWERS = """{known_alerts}
    select known.*, answers.verdict, answers.note, answers.given_by, answers.given_at
    from known
    inner join (
        select distinct on (alert_key) * from {schema}.alert_feedback order by alert_key, feedback_number desc
    ) as answers on answers.alert_key = known.alert_key
    order by answers.feedback_number desc
    limit 50
"""

CONTRACTS = """
    select contract_status.*, contracts.version, contracts.description, contracts.file_path
    from {schema}.contract_status as contract_status
    inner join {schema}.contracts as contracts
        on contracts.connection = contract_status.connection and contracts.asset = contract_status.asset
    order by contract_status.connection, contract_status.asset
"""

CONTRACT_VIOLATIONS = """
    select * from {schema}.contract_violations
    order by connection, asset, severity, column_name, violation_type, rule
"""

_TEXTS: Mapping[str, str] = {
    "scorecard": SCORECARD,
    "open_alerts": OPEN_ALERTS,
    "resolved_alerts": RESOLVED_ALERTS,
    "alert_months": ALERT_MONTHS,
    "alert_types": ALERT_TYPES,
    "series": SERIES,
    "detectors": DETECTORS,
    "thresholds": THRESHOLDS,
    "freshness_limits": FRESHNESS_LIMITS,
    "unevaluated": UNEVALUATED,
    "asset_states": ASSET_STATES,
    "totals": TOTALS,
    "answers": ANSWERS,
    "contracts": CONTRACTS,
    "contract_violations": CONTRACT_VIOLATIONS,
}
QUERIES: Mapping[str, str] = {name: text.replace("{known_alerts}", KNOWN_ALERTS) for name, text in _TEXTS.items()}
