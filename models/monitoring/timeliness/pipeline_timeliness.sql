{{ config(materialized='view') }}

with watched_pipelines as (
    select * from {{ ref('lookout', 'watched_pipelines') }}
    where timeliness_number is not null and not is_timeliness_muted
),

timed as (
    select
        watched_pipelines.*,
        pipeline_runs.execution_id,
        pipeline_runs.start_date,
        pipeline_runs.end_date,
        pipeline_runs.duration_seconds,
        pipeline_runs.is_running,
        pipeline_runs.completed_successfully,
        {{ lookout.add_dateparts('pipeline_runs.start_date', 'timeliness_number', 'timeliness_datepart') }} as due_at
    from watched_pipelines
    inner join {{ ref('lookout', 'pipeline_runs') }} as pipeline_runs
        on watched_pipelines.pipeline_id = pipeline_runs.pipeline_id
),

late as (
    select * from timed
    where
        (is_running and due_at < {{ lookout.as_of() }})
        or (completed_successfully and due_at < end_date)
),

-- One index lookup for each late execution.
dated as (
    select
        late.*,
        newest_success.start_date as newest_success
    from late
    left join lateral (
        select runs.start_date from {{ ref('lookout', 'pipeline_runs') }} as runs
        where runs.pipeline_id = late.pipeline_id and runs.completed_successfully
        order by runs.start_date desc
        limit 1
    ) as newest_success on true
),

final as (
    select
        execution_id as pipeline_execution_id,
        pipeline_id,
        name,
        pipeline_type,
        owner,
        connection,
        asset,
        layer,
        start_date,
        end_date,
        cast(duration_seconds as bigint) as duration_seconds,
        cast(extract(epoch from due_at - start_date) as bigint) as seconds_threshold,
        case when is_running then 'running' else 'completed' end as execution_status,
        timeliness_number as timely_number,
        timeliness_datepart as timely_datepart,
        has_own_timeliness_limit as used_child_config,
        is_running or newest_success <= start_date as is_current,
        due_at as created_at
    from dated
)

select * from final
