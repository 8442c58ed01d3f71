{{ config(materialized='table') }}

with candidates as (
    select * from {{ ref('lookout', 'anomaly_episodes') }}
    union all
    select * from {{ ref('lookout', 'stale_assets') }}
    union all
    select * from {{ ref('lookout', 'unevaluated_assets') }}
    union all
    select * from {{ ref('lookout', 'failing_tests') }}
),

final as (
    select
        {{ lookout.alert_key('alert_type', 'connection', 'asset', 'column_name', 'metric', 'window_start') }} as alert_key,
        *
    from candidates
)

select * from final
