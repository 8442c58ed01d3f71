"""Queries of the page beyond those of the Markdown reports. The one parameter, if any, is the clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lookout.report.queries import KNOWN_ALERTS, NEWEST_BUILD


class PageQuery(NamedTuple):
    """A query, the part of the page it is for, and the tables it reads beyond those of the Markdown reports."""

    part: str
    tables: tuple[str, ...]
    text: str


# Every open alert; of the others the newest 200, and up to 500 where they began in the last 90 days.
ALERTS = """{known_alerts},
    ranked as (
        select known.*, row_number() over (partition by is_open order by window_start desc, alert_key) as position
        from known
    )
    select ranked.* from ranked
    cross join clock
    where ranked.is_open or ranked.position <= 200 or (
        ranked.position <= 500 and ranked.window_start > clock.now - interval '90 days'
    )
    order by ranked.is_open desc, ranked.severity, ranked.window_start desc, ranked.alert_key
"""

IMPACT = """
    select alert_key, downstream_count, downstream_models, downstream_exposures, downstream_others, downstream_owners,
        cause_alert_key, root_cause_alert_key
    from {schema}.alert_impact
    where downstream_count > 0 or cause_alert_key is not null
"""

EXPLANATIONS = """
    select alert_key, dimension, explanation from {schema}.alert_explanations
    where explained_at <= %s
    order by alert_key, dimension
"""

FEEDBACK = """
    select alert_key, verdict, note, given_by, given_at from {schema}.alert_feedback
    order by alert_key, feedback_number
"""

# Only the name that the user gave to a target can be shown; its address is stored nowhere.
DELIVERIES = """
    select alert_key, target, stage, status, coalesce(sent_at, planned_at) as notified_at from {schema}.alert_deliveries
    where planned_at <= %s
    order by alert_key, planned_at, target, step
"""

ASSETS = """
    select assets.*, looks.status as look_status, looks.message, looks.looked_at, looks.evaluated_at, looks.latest_at,
        looks.unevaluated_since
    from {schema}.assets as assets
    left join {schema}.asset_status as looks
        on looks.connection = assets.connection and looks.asset = assets.asset
    where assets.is_active
    order by assets.connection, assets.asset
"""

CHANGES = """
    select connection, asset, subject, version_number, column_name, change_type, detail, old_value, new_value, seen_at,
        owner
    from {schema}.schema_changes
    where seen_at <= %s
    order by seen_at desc, connection, asset, subject, version_number desc, column_name, change_type, detail
    limit 300
"""

INVOCATIONS = """
    select runs.execution_id, runs.start_date, runs.elapsed_seconds, runs.status,
        coalesce(runs.execution_metadata ->> 'command', pipelines.name, '') as command, runs.error
    from {schema}.pipeline_executions as runs
    left join {schema}.pipelines as pipelines on pipelines.pipeline_id = runs.pipeline_id
    where runs.kind = 'dbt invocation' and runs.start_date <= %s
    order by runs.start_date desc, runs.execution_id
    limit 60
"""

NODES = """
    with {newest_build}
    select newest.execution_id as invocation, newest.start_date as began_at, pipelines.name, nodes.status,
        extract(epoch from nodes.start_date - newest.start_date)::float8 as offset_seconds, nodes.elapsed_seconds,
        nodes.total_rows, nodes.error
    from newest
    inner join {schema}.pipeline_executions as nodes on nodes.parent_id = newest.execution_id
    inner join {schema}.pipelines as pipelines on pipelines.pipeline_id = nodes.pipeline_id
    order by nodes.start_date, pipelines.name
    limit 500
""".replace("{newest_build}", NEWEST_BUILD)

PIPELINES = """
    select report.pipeline_name as name, report.pipeline_type_name as pipeline_type, max(pipelines.owner) as owner,
        sum(report.total_executions)::bigint as executions, sum(report.failed_executions)::bigint as failed,
        sum(report.daily_total_rows)::float8 as total_rows,
        (sum(report.avg_duration_seconds * report.total_executions) / nullif(sum(report.total_executions), 0))::float8
            as mean_seconds,
        max(report.date_recorded)::text as last_on
    from {schema}.daily_pipeline_report as report
    left join {schema}.pipelines as pipelines on pipelines.pipeline_id = report.pipeline_id
    group by report.pipeline_name, report.pipeline_type_name
    order by failed desc, mean_seconds desc nulls last, name
    limit 500
"""

DAYS = """
    select date_recorded::text as day, sum(total_executions)::bigint as executions,
        sum(failed_executions)::bigint as failed, sum(daily_total_rows)::float8 as total_rows,
        sum(avg_duration_seconds * total_executions)::float8 as seconds
    from {schema}.daily_pipeline_report
    group by date_recorded
    order by date_recorded desc
"""

# Lookout's own tables come last, so that they are the ones cut when there are too many addresses to show.
ADDRESSES = """
    select address_id, name, coalesce(address_type, '') as address_type, coalesce(owner, '') as owner,
        coalesce(node_id, '') as node_id
    from {schema}.addresses
    where is_active
    order by coalesce(node_id, '') like 'model.lookout.%%' and schema_name = 'monitoring', name, address_id
    limit 5000
"""

EDGES = """
    select edges.source_address_id, edges.target_address_id,
        min(coalesce(pipelines.name, edges.pipeline_id)) as pipeline
    from {schema}.address_lineage as edges
    left join {schema}.pipelines as pipelines on pipelines.pipeline_id = edges.pipeline_id
    where edges.source_address_id <> edges.target_address_id
    group by edges.source_address_id, edges.target_address_id
    order by edges.source_address_id, edges.target_address_id
    limit 20000
"""

_RUNS, _LINEAGE = ("pipeline_executions", "pipelines"), ("addresses", "address_lineage", "pipelines")
QUERIES: Mapping[str, PageQuery] = {
    "alerts": PageQuery("alerts", (), ALERTS.replace("{known_alerts}", KNOWN_ALERTS)),
    "explanations": PageQuery("drill-down", ("alert_explanations",), EXPLANATIONS),
    "impact": PageQuery("downstream", ("alert_impact",), IMPACT),
    "feedback": PageQuery("alerts", (), FEEDBACK),
    "deliveries": PageQuery("notifications", ("alert_deliveries",), DELIVERIES),
    "assets": PageQuery("assets", (), ASSETS),
    "changes": PageQuery("schema history", ("schema_changes",), CHANGES),
    "invocations": PageQuery("pipelines", _RUNS, INVOCATIONS),
    "nodes": PageQuery("pipelines", _RUNS, NODES),
    "pipelines": PageQuery("pipelines", ("daily_pipeline_report", "pipelines"), PIPELINES),
    "days": PageQuery("pipelines", ("daily_pipeline_report",), DAYS),
    "addresses": PageQuery("lineage", ("addresses",), ADDRESSES),
    "edges": PageQuery("lineage", _LINEAGE, EDGES),
}
