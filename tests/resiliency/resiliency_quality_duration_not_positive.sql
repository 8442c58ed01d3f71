{{ config(severity='warn') }}

select
    raw_test_id,
    duration_ms
from {{ ref('resiliency_newest_delivery') }}
where coalesce(duration_ms <= 0, true)
