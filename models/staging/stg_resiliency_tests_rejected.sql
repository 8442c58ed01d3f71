with received as (
    select * from {{ ref('raw_resiliency_tests') }}
),

checked as (
    select * from {{ ref('base_resiliency_tests') }}
),

staged as (
    select * from {{ ref('stg_resiliency_tests') }}
),

invalid as (
    select
        raw_test_id,
        split_part(failed_rules, ', ', 1) as reason,
        failed_rules as all_reasons,
        cast(null as bigint) as kept_test_id
    from checked
    where not is_accepted
),

not_staged as (
    select checked.*
    from checked
    left join staged on checked.raw_test_id = staged.raw_test_id
    where checked.is_accepted and staged.raw_test_id is null
),

duplicates as (
    select
        not_staged.raw_test_id,
        'duplicate' as reason,
        'duplicate' as all_reasons,
        staged.test_id as kept_test_id
    from not_staged
    inner join staged
        on
            not_staged.app_id = staged.app_id
            and not_staged.start_time = staged.start_time
            and not_staged.scenario_key = lower(staged.scenario_name)
),

rejected as (
    select * from invalid
    union all
    select * from duplicates
)

select
    rejected.raw_test_id,
    received.batch_id,
    received.received_at,
    rejected.reason,
    rejected.all_reasons,
    rejected.kept_test_id,
    received.app_id,
    received.scenario_name,
    received.start_time,
    received.end_time,
    received.duration_ms,
    received.status
from rejected
inner join received on rejected.raw_test_id = received.test_id
