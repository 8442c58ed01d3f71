-- Every raw record is in staging or among the rejected ones, and in one of them only.
with

received as (
    select test_id as raw_test_id from {{ ref('raw_resiliency_tests') }}
),

placed as (
    select raw_test_id from {{ ref('stg_resiliency_tests') }}
    union all
    select raw_test_id from {{ ref('stg_resiliency_tests_rejected') }}
)

select
    received.raw_test_id,
    count(placed.raw_test_id) as places
from received
left join placed on received.raw_test_id = placed.raw_test_id
group by received.raw_test_id
having count(placed.raw_test_id) <> 1
