{{ config(materialized='view') }}

with baselines as (
    select * from {{ ref('lookout', 'baselines') }}
    -- The condition of an index of baselines: a few rows out of millions.
    where status = 'judged' and severity in ('warning', 'critical')
),

monitors as (
    select * from {{ ref('lookout', 'monitors') }}
    where is_active
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
        {{ lookout.bucket_end('baselines.bucket_start', 'monitors') }} <= {{ lookout.as_of() }}
        and {{ lookout.is_reported('baselines', 'monitors') }}
)

select * from final
