{{ config(materialized='view') }}

with flags as (
    select pipeline_execution_id, metric_field, true as is_flagged from {{ ref('lookout', 'execution_anomalies') }}
    union all
    select execution_id, metric_field, false from {{ ref('lookout', 'anomaly_unflags') }}
    union all
    -- Executions whose alert was answered as expected.
    select execution_id, metric_field, false from {{ ref('lookout', 'execution_points') }}
    where is_unflagged
),

final as (
    select
        pipeline_execution_id,
        jsonb_object_agg(metric_field, is_flagged) as anomaly_flags
    from flags
    group by pipeline_execution_id
)

select * from final
