with

checked as (
    select * from {{ ref('base_resiliency_tests') }}
),

staged as (
    select * from {{ ref('stg_resiliency_tests') }}
),

invalid as (
    select
        checked.*,
        split_part(checked.failed_rules, ', ', 1) as reason,
        cast(null as bigint) as kept_test_id
    from checked
    where not checked.is_accepted
),

duplicates as (
    select
        checked.*,
        'duplicate' as reason,
        staged.test_id as kept_test_id
    from checked
    inner join staged
        on checked.app_id = staged.app_id
        and checked.scenario_key = lower(staged.scenario_name)
        and checked.start_time = staged.start_time
        and checked.raw_test_id <> staged.raw_test_id
    where checked.is_accepted
),

rejected as (
    select * from invalid
    union all
    select * from duplicates
)

select
    raw_test_id,
    batch_id,
    received_at,
    reason,
    case when reason = 'duplicate' then reason else failed_rules end as all_reasons,
    kept_test_id,
    received_app_id as app_id,
    received_scenario_name as scenario_name,
    received_start_time as start_time,
    received_end_time as end_time,
    received_duration_ms as duration_ms,
    received_status as status,
    is_newest_delivery
from rejected
