select
    pipelines.pipeline_id, pipelines.name as asset, coalesce(pipelines.owner, '') as owner,
    coalesce(pipelines.node_id, '') as node_id,
    coalesce(recent.successes, 0) as successes, recent.per_day, recent.slowest, recent.has_total_rows,
    recent.has_inserts
from {schema}.pipelines as pipelines
left join lateral (
    select
        count(*) as successes,
        count(*)::float8 / nullif(count(distinct date_recorded), 0) as per_day,
        max(elapsed_seconds) as slowest,
        count(total_rows) >= %(least)s as has_total_rows,
        count(inserts) >= %(least)s and max(inserts) > 0 as has_inserts
    from {schema}.pipeline_executions as executions
    where
        executions.pipeline_id = pipelines.pipeline_id and executions.completed_successfully
        and executions.start_date > %(recent)s and executions.end_date <= %(as_of)s
) as recent on true
where pipelines.active and coalesce(pipelines.node_id, '') !~ '^(test|unit_test|source)\.'
