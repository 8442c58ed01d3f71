with

raw_tests as (
    select * from {{ ref('raw_resiliency_tests') }}
),

applications as (
    select * from {{ ref('dim_applications') }}
),

scenarios as (
    select * from {{ ref('dim_test_scenarios') }}
),

newest_delivery as (
    select max(received_at) as received_at from raw_tests
),

trimmed as (
    select
        test_id as raw_test_id,
        batch_id,
        received_at,
        {{ lookout.clean_text('app_id') }} as received_app_id,
        regexp_replace({{ lookout.clean_text('scenario_name') }}, '\s+', ' ', 'g') as received_scenario_name,
        {{ lookout.clean_text('start_time') }} as received_start_time,
        {{ lookout.clean_text('end_time') }} as received_end_time,
        {{ lookout.clean_text('duration_ms') }} as received_duration_ms,
        lower({{ lookout.clean_text('status') }}) as received_status,
        error_message,
        metadata_json
    from raw_tests
),

parsed as (
    select
        trimmed.*,
        {{ lookout.parse_whole_number('received_app_id', 18) }} as app_id,
        lower(received_scenario_name) as scenario_key,
        {{ lookout.parse_timestamp('received_start_time') }} as start_time,
        {{ lookout.parse_timestamp('received_end_time') }} as end_time,
        {{ lookout.parse_whole_number('received_duration_ms', 12) }} as duration_ms,
        case when received_status in ('passed', 'failed') then received_status end as status
    from trimmed
),

matched as (
    select
        parsed.*,
        applications.app_id is not null as is_known_application,
        scenarios.scenario_id,
        coalesce(scenarios.scenario_name, parsed.received_scenario_name) as scenario_name,
        coalesce(parsed.received_at > newest_delivery.received_at - interval '24 hours', false) as is_newest_delivery
    from parsed
    left join applications on parsed.app_id = applications.app_id
    left join scenarios on parsed.scenario_key = lower(scenarios.scenario_name)
    cross join newest_delivery
),

-- The order of the rules is the order in which a record's first failing rule is named.
checked as (
    select
        matched.*,
        concat_ws(
            ', ',
            case
                when received_app_id is null then 'app_id_missing'
                when app_id is null then 'app_id_not_a_number'
                when app_id <= 0 then 'app_id_not_positive'
                when not is_known_application then 'app_id_unknown'
            end,
            case when received_scenario_name is null then 'scenario_name_missing' end,
            case
                when received_start_time is null then 'start_time_missing'
                when start_time is null then 'start_time_unparsable'
            end,
            case
                when received_end_time is not null and end_time is null then 'end_time_unparsable'
                when end_time < start_time then 'end_time_before_start_time'
            end,
            case
                when received_duration_ms is null then 'duration_missing'
                when duration_ms is null then 'duration_not_a_number'
                when duration_ms <= 0 then 'duration_not_positive'
            end,
            case
                when received_status is null then 'status_missing'
                when status is null then 'status_unknown'
            end
        ) as failed_rules
    from matched
)

select
    checked.*,
    failed_rules = '' as is_accepted
from checked
