{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
    )
}}

with applications as (
    select * from {{ ref('dim_applications') }}
),

scenarios as (
    select * from {{ ref('dim_test_scenarios') }}
),

received as (
    select raw_tests.*
    from {{ ref('raw_resiliency_tests') }} as raw_tests
    {%- if is_incremental() %}
    -- Not "beyond the highest number": a transaction with a lower one may have committed later.
    left join {{ this }} as present on raw_tests.test_id = present.raw_test_id
    where present.raw_test_id is null
    {%- endif %}
),

-- `offset 0` keeps PostgreSQL from writing each expression out again wherever its column is used: ten times faster.
trimmed as (
    select
        test_id as raw_test_id,
        batch_id,
        received_at,
        {{ lookout.clean_text('app_id') }} as app_id,
        regexp_replace({{ lookout.clean_text('scenario_name') }}, '\s+', ' ', 'g') as scenario_name,
        {{ lookout.clean_text('start_time') }} as start_time,
        {{ lookout.clean_text('end_time') }} as end_time,
        {{ lookout.clean_text('duration_ms') }} as duration_ms,
        lower({{ lookout.clean_text('status') }}) as status,
        error_message,
        metadata_json
    from received
    offset 0 -- noqa: AM09
),

parsed as (
    select
        trimmed.*,
        {{ lookout.parse_whole_number('app_id', 18) }} as parsed_app_id,
        lower(scenario_name) as scenario_key,
        {{ lookout.parse_timestamp('start_time') }} as parsed_start_time,
        {{ lookout.parse_timestamp('end_time') }} as parsed_end_time,
        {{ lookout.parse_whole_number('duration_ms', 12) }} as parsed_duration_ms,
        status in ('passed', 'failed') as is_known_status
    from trimmed
    offset 0 -- noqa: AM09
),

-- The order of the rules is the order in which a record's first failing rule is named.
checked as (
    select
        parsed.*,
        scenarios.scenario_id,
        scenarios.scenario_name as known_scenario_name,
        concat_ws(
            ', ',
            case
                when parsed.app_id is null then 'app_id_missing'
                when parsed_app_id is null then 'app_id_not_a_number'
                when parsed_app_id <= 0 then 'app_id_not_positive'
                when applications.app_id is null then 'app_id_unknown'
            end,
            case when parsed.scenario_name is null then 'scenario_name_missing' end,
            case
                when start_time is null then 'start_time_missing'
                when parsed_start_time is null then 'start_time_unparsable'
            end,
            case
                when end_time is not null and parsed_end_time is null then 'end_time_unparsable'
                when parsed_end_time < parsed_start_time then 'end_time_before_start_time'
            end,
            case
                when duration_ms is null then 'duration_missing'
                when parsed_duration_ms is null then 'duration_not_a_number'
                when parsed_duration_ms <= 0 then 'duration_not_positive'
            end,
            case
                when status is null then 'status_missing'
                when not is_known_status then 'status_unknown'
            end
        ) as failed_rules
    from parsed
    left join applications on parsed.parsed_app_id = applications.app_id
    left join scenarios on parsed.scenario_key = lower(scenarios.scenario_name)
    offset 0 -- noqa: AM09
)

select
    raw_test_id,
    batch_id,
    received_at,
    parsed_app_id as app_id,
    scenario_id,
    scenario_key,
    coalesce(known_scenario_name, scenario_name) as scenario_name,
    parsed_start_time as start_time,
    parsed_end_time as end_time,
    parsed_duration_ms as duration_ms,
    case when is_known_status then status end as status,
    error_message,
    metadata_json,
    failed_rules,
    failed_rules = '' as is_accepted
from checked
