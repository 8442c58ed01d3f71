with received as (
    select * from {{ ref('raw_resiliency_tests') }}
),

checked as (
    select * from {{ ref('base_resiliency_tests') }}
),

newest as (
    select max(received_at) as received_at from received
)

select
    received.test_id as raw_test_id,
    received.received_at,
    {{ lookout.clean_text('received.app_id') }} as app_id,
    {{ lookout.clean_text('received.scenario_name') }} as scenario_name,
    lower({{ lookout.clean_text('received.status') }}) as status,
    checked.scenario_id,
    checked.duration_ms,
    checked.failed_rules,
    checked.is_accepted
from received
inner join newest on received.received_at > newest.received_at - interval '24 hours'
inner join checked on received.test_id = checked.raw_test_id
