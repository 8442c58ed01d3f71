{{ config(materialized='view') }}

with flags as (
    select pipeline_execution_id, metric_field, true as is_flagged from {{ ref('lookout', 'execution_anomalies') }}
    union all
    select execution_id, metric_field, false from {{ ref('lookout', 'anomaly_unflags') }}
),

final as (
    select
        pipeline_execution_id,
        jsonb_object_agg(metric_field, is_flagged) as anomaly_flags
    from flags
    group by pipeline_execution_id
)

select * from final
