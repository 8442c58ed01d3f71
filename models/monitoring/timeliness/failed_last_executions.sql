{{ config(materialized='ephemeral') }}

with watched_pipelines as (
    select * from {{ ref('lookout', 'watched_pipelines') }}
),

-- What dbt skipped has neither failed nor succeeded. One index lookup for each pipeline, however many executions there are.
final as (
    select
        watched_pipelines.*,
        newest.execution_id,
        newest.parent_id,
        newest.end_date,
        newest.status,
        newest.error,
        success.start_date as succeeded_at
    from watched_pipelines
    cross join lateral (
        select runs.start_date from {{ ref('lookout', 'pipeline_runs') }} as runs
        where
            runs.pipeline_id = watched_pipelines.pipeline_id
            and not runs.is_running
            and runs.status is distinct from 'skipped'
        order by runs.start_date desc
        limit 1
    ) as last
    cross join lateral (
        select * from {{ ref('lookout', 'pipeline_runs') }} as runs
        where
            runs.pipeline_id = watched_pipelines.pipeline_id
            and runs.start_date = last.start_date
            and not runs.is_running
            and runs.status is distinct from 'skipped'
        -- Of several that began at the same moment, one that succeeded is enough.
        order by runs.completed_successfully desc, runs.end_date desc, runs.execution_id
        limit 1
    ) as newest
    left join lateral (
        select runs.start_date from {{ ref('lookout', 'pipeline_runs') }} as runs
        where runs.pipeline_id = watched_pipelines.pipeline_id and runs.completed_successfully
        order by runs.start_date desc
        limit 1
    ) as success on true
    where not newest.completed_successfully
)

select * from final
