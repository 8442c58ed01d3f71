-- Every raw record was checked, and is in staging or among the rejected ones, and in one of them only. No layer holds a
-- record that raw does not: rows that outlive a reset would come back, and take the place of new ones of their number.
with

received as (
    select
        test_id as raw_test_id,
        batch_id,
        received_at
    from {{ ref('raw_resiliency_tests') }}
),

placed as (
    select
        'base' as layer,
        raw_test_id,
        batch_id,
        received_at
    from {{ ref('base_resiliency_tests') }}
    union all
    select
        'final' as layer,
        raw_test_id,
        batch_id,
        received_at
    from {{ ref('stg_resiliency_tests') }}
    union all
    select
        'final' as layer,
        raw_test_id,
        batch_id,
        received_at
    from {{ ref('stg_resiliency_tests_rejected') }}
),

expected as (
    select
        layers.layer,
        received.*
    from received
    cross join (values ('base'), ('final')) as layers (layer)
),

counted as (
    select
        layer,
        raw_test_id,
        batch_id,
        received_at,
        1 as expected_rows,
        0 as placed_rows
    from expected
    union all
    select
        layer,
        raw_test_id,
        batch_id,
        received_at,
        0 as expected_rows,
        1 as placed_rows
    from placed
)

select
    layer,
    raw_test_id,
    batch_id,
    received_at,
    sum(expected_rows) as expected_rows,
    sum(placed_rows) as placed_rows
from counted
group by layer, raw_test_id, batch_id, received_at
having sum(expected_rows) <> sum(placed_rows)
