{{ config(materialized='table', indexes=[{'columns': ['pipeline_execution_id', 'metric_field'], 'unique': true}]) }}

with unusual as (
    select * from {{ ref('lookout', 'judged_executions') }}
    where cause is not null and not is_unflagged
),

final as (
    select
        execution_id as pipeline_execution_id,
        pipeline_id,
        metric_field,
        name,
        start_date,
        end_date,
        cast(value as numeric(38, 4)) as violation_value,
        cast(case when deviation > 0 then (value - mean) / deviation end as numeric(38, 4)) as z_score,
        cast(mean as numeric(38, 4)) as historical_mean,
        cast(deviation as numeric(38, 4)) as std_deviation_value,
        z_threshold,
        cast(lowest as numeric(38, 4)) as threshold_min_value,
        cast(highest as numeric(38, 4)) as threshold_max_value,
        cause,
        jsonb_build_object(
            'lookback_days', lookback_days, 'minimum_executions', minimum_executions,
            'execution_count', number, 'rule', cause
        ) as context,
        end_date as detected_at
    from unusual
)

select * from final
