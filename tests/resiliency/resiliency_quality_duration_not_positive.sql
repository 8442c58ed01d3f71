{{ config(severity='warn') }}

with

checked as (
    select * from {{ ref('base_resiliency_tests') }}
)

select
    raw_test_id,
    received_duration_ms
from checked
where is_newest_delivery and coalesce(duration_ms <= 0, true)
