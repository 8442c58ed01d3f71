{{ config(materialized='table', indexes=[{'columns': ['series_key', 'bucket_start'], 'unique': true}]) }}

with baselines as (
    select * from {{ ref('lookout', 'baselines') }}
),

monitors as (
    select * from {{ ref('lookout', 'monitors') }}
),

final as (
    select
        baselines.series_key,
        baselines.bucket_start,
        baselines.observed_value as value,
        baselines.expected_value,
        baselines.lower_bound,
        baselines.upper_bound,
        baselines.score,
        baselines.reason,
        baselines.severity
    from baselines
    inner join monitors on baselines.series_key = monitors.series_key
    where
        baselines.status = 'judged'
        and baselines.severity in ('warning', 'critical')
        and monitors.is_active
        and baselines.bucket_start + {{ lookout.bucket_step('monitors.grain') }} <= {{ lookout.as_of() }}
)

select * from final
