{{ config(materialized='view') }}

-- What was known at the run clock: later executions do not exist, those that end later are running.
with executions as (
    select
        *,
        end_date is not null and end_date <= {{ lookout.horizon() }} as has_ended
    from {{ ref('lookout', 'pipeline_executions') }}
    where start_date <= {{ lookout.horizon() }}
),

final as (
    select
        execution_id,
        parent_id,
        pipeline_id,
        kind,
        start_date,
        date_recorded,
        hour_recorded,
        case when has_ended then end_date end as end_date,
        case when has_ended then completed_successfully end as completed_successfully,
        case when has_ended then status else 'running' end as status,
        case
            when has_ended then duration_seconds
            else cast(floor(extract(epoch from {{ lookout.horizon() }} - start_date)) as numeric)
        end as duration_seconds,
        case when has_ended then inserts end as inserts,
        case when has_ended then updates end as updates,
        case when has_ended then soft_deletes end as soft_deletes,
        case when has_ended then total_rows end as total_rows,
        case when has_ended then throughput end as throughput,
        case when has_ended then error end as error,
        not has_ended as is_running
    from executions
)

select * from final
