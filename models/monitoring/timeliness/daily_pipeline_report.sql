{{ config(materialized='view') }}

with runs as (
    select * from {{ ref('lookout', 'pipeline_runs') }}
    where not is_running and status is distinct from 'skipped'
),

pipelines as (
    select * from {{ ref('lookout', 'pipelines') }}
),

final as (
    select
        runs.date_recorded,
        runs.pipeline_id,
        pipelines.name as pipeline_name,
        pipelines.pipeline_type as pipeline_type_name,
        count(*) as total_executions,
        count(*) filter (where not runs.completed_successfully) as failed_executions,
        round(100.0 * count(*) filter (where not runs.completed_successfully) / count(*), 2) as error_percentage,
        {%- for counted in ('inserts', 'updates', 'soft_deletes', 'total_rows') %}
        coalesce(sum(runs.{{ counted }}), 0) as daily_{{ counted }},
        {%- endfor %}
        round(cast(avg(coalesce(runs.duration_seconds, 0)) as numeric), 2) as avg_duration_seconds,
        round(coalesce(sum(runs.total_rows), 0) / cast(nullif(sum(runs.duration_seconds), 0) as numeric), 4) as daily_throughput
    from runs
    inner join pipelines on runs.pipeline_id = pipelines.pipeline_id
    where
        runs.date_recorded >= cast({{ lookout.as_of() }} at time zone 'UTC' as date) - 30
        and runs.date_recorded < cast({{ lookout.as_of() }} at time zone 'UTC' as date)
    group by runs.date_recorded, runs.pipeline_id, pipelines.name, pipelines.pipeline_type
)

select * from final
