"""Queries of the Markdown reports. The one parameter of a query, if any, is the clock."""

from __future__ import annotations

from collections.abc import Mapping

# The tables without which there is nothing to report.
TABLES = (
    "monitors", "metric_observations", "collection_results", "baselines", "lookout_runs", "assets", "dbt_results",
    "asset_status", "alert_states", "alerts", "scorecard", "alert_feedback", "contracts", "contract_status",
    "contract_violations",
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
        select alerts.*, monitors.kind, monitors.grain, states.is_open
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

SERIES = """
    with clock as (select %s::timestamptz as now),
    worst_first as (
        select monitors.*, scorecard.score as asset_score, scorecard.status as asset_status
        from {schema}.monitors as monitors
        left join {schema}.scorecard as scorecard
            on scorecard.scope = 'asset' and scorecard.connection = monitors.connection
            and scorecard.name = monitors.asset
        where monitors.is_active
        order by scorecard.score nulls first, monitors.connection, monitors.asset, monitors.column_name, monitors.metric
        limit 1000
    )
    select series.*, newest.status as newest_status, newest.reason as newest_reason,
        judged.bucket_start, judged.observed_value, judged.expected_value, judged.scale, judged.sample_size,
        judged.method as judged_method, judged.score, judged.severity, judged.learned_at,
        coming.bucket_start as next_bucket, coming.expected_value as next_expected, coming.lower_bound as next_lower,
        coming.upper_bound as next_upper, coming.learned_at as next_learned_at
    from worst_first as series
    cross join clock
    left join lateral (
        select * from {schema}.baselines as b
        where b.series_key = series.series_key and b.status <> 'forecast' and b.bucket_start < clock.now
        order by b.bucket_start desc limit 1
    ) as newest on true
    left join lateral (
        select * from {schema}.baselines as b
        where b.series_key = series.series_key and b.status = 'judged' and b.bucket_start < clock.now
        order by b.bucket_start desc limit 1
    ) as judged on true
    left join lateral (
        select * from {schema}.baselines as b
        where b.series_key = series.series_key and b.status = 'forecast'
        order by
            case when b.bucket_start + cast('1 ' || series.grain as interval) > clock.now then b.bucket_start end,
            b.bucket_start desc
        limit 1
    ) as coming on true
    order by series.asset_score nulls first, series.connection, series.asset, series.column_name, series.metric
"""

# A series is evaluated when its table could be looked at and its newest bucket was judged or has a fixed limit.
DETECTORS = """{known_alerts},
    series as (
        select monitors.alert_type,
            asset_status.status in ('ok', 'empty') and (newest.status = 'judged' or monitors.has_limit) as is_evaluated
        from (
            select *, case when connection = 'pipelines' and layer = 'pipeline' then 'PIPELINE_ANOMALY'
                when metric = 'row_count' then 'VOLUME_ANOMALY' when metric = 'freshness' then 'STALE_DATA_FLOW'
                else 'METRIC_ANOMALY' end as alert_type,
                metric = 'freshness' and coalesce(warn_after_seconds, error_after_seconds) is not null as has_limit
            from {schema}.monitors where is_active
        ) as monitors
        cross join clock
        left join {schema}.asset_status as asset_status
            on asset_status.connection = monitors.connection and asset_status.asset = monitors.asset
        left join lateral (
            select status from {schema}.baselines as b
            where b.series_key = monitors.series_key and b.status <> 'forecast' and b.bucket_start < clock.now
            order by b.bucket_start desc limit 1
        ) as newest on true
    )
    select detectors.detector, detectors.alert_type,
        (select count(*) from series where series.alert_type = detectors.alert_type) as watched,
        (select count(*) from series where series.alert_type = detectors.alert_type and is_evaluated) as evaluated,
        (select count(*) from known where known.alert_type = detectors.alert_type and is_open) as open_alerts
    from (
        values (1, 'Volume', 'VOLUME_ANOMALY'), (2, 'Freshness', 'STALE_DATA_FLOW'), (3, 'Metric', 'METRIC_ANOMALY')
    ) as detectors (sort_key, detector, alert_type)
    order by detectors.sort_key
"""

THRESHOLDS = """
    select method, grain, warn_score, critical_score, min_sample_size, coalesce(alert_from, 'critical') as alert_from,
        count(*) as series
    from {schema}.monitors
    where is_active
    group by method, grain, warn_score, critical_score, min_sample_size, coalesce(alert_from, 'critical')
    order by method, grain, warn_score, critical_score, min_sample_size, coalesce(alert_from, 'critical')
"""

FRESHNESS_LIMITS = """
    select warn_after_seconds, error_after_seconds, count(*) as tables
    from {schema}.monitors
    where is_active and metric = 'freshness' and coalesce(warn_after_seconds, error_after_seconds) is not null
    group by warn_after_seconds, error_after_seconds
    order by warn_after_seconds, error_after_seconds
"""

UNEVALUATED = """
    select distinct monitors.connection, monitors.asset, monitors.owner,
        coalesce(asset_status.status, 'never looked at') as status,
        asset_status.message, asset_status.unevaluated_since, asset_status.evaluated_at
    from {schema}.monitors as monitors
    left join {schema}.asset_status as asset_status
        on asset_status.connection = monitors.connection and asset_status.asset = monitors.asset
    where monitors.is_active and coalesce(asset_status.status, '') not in ('ok', 'empty')
    order by monitors.connection, monitors.asset, monitors.owner
"""

# Availability: the share of the last 30 days' runs, and of their looks at tables, that could evaluate everything.
TOTALS = """{known_alerts}
    select
        (select count(distinct connection) from {schema}.monitors where is_active) as databases,
        (select count(distinct (connection, asset)) from {schema}.monitors where is_active) as tables,
        (select count(*) from {schema}.monitors where is_active) as series,
        (select count(*) from {schema}.metric_observations where bucket_start < clock.now) as observations,
        (select max(bucket_start) from {schema}.metric_observations where bucket_start < clock.now) as newest_bucket,
        learned.*,
        (select count(*) from known) as alerts,
        (select count(*) from known where is_open) as open_alerts,
        (select max(first_seen_at) from known) as newest_alert_at,
        (select max(as_of) from {schema}.collection_results where as_of <= clock.now) as collected_at,
        runs.*,
        looks.*
    from clock
    cross join lateral (
        select count(*) filter (where status <> 'forecast' and bucket_start < clock.now) as baselines,
            max(learned_at) as learned_at
        from {schema}.baselines
        where learned_at <= clock.now
    ) as learned
    cross join lateral (
        select count(*) as runs, count(*) filter (where status = 'success') as good_runs
        from {schema}.lookout_runs
        where command in ('run', 'collect') and status <> 'running'
            and as_of > clock.now - interval '30 days' and as_of <= clock.now
    ) as runs
    cross join lateral (
        select count(*) as looks, count(*) filter (where status in ('ok', 'empty')) as good_looks
        from {schema}.collection_results
        where as_of > clock.now - interval '30 days' and as_of <= clock.now
    ) as looks
"""

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
    "totals": TOTALS,
    "answers": ANSWERS,
    "contracts": CONTRACTS,
    "contract_violations": CONTRACT_VIOLATIONS,
}
QUERIES: Mapping[str, str] = {name: text.replace("{known_alerts}", KNOWN_ALERTS) for name, text in _TEXTS.items()}
