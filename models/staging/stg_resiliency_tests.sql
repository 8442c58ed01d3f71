{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[
            {'columns': ['app_id', 'test_date']},
            {'columns': ['start_time']},
            {'columns': ['status', 'start_time']},
            {'columns': ['scenario_id']},
        ],
    )
}}

with accepted as (
    select * from {{ ref('base_resiliency_tests') }}
    where is_accepted
),

{% if is_incremental() -%}
staged as (
    select
        test_id,
        raw_test_id,
        app_id,
        lower(scenario_name) as scenario_key,
        start_time
    from {{ this }}
),

numbering as (
    select coalesce(max(test_id), 0) as last_test_id from staged
),
{%- else -%}
numbering as (
    select 0 as last_test_id
),
{%- endif %}

unstaged as (
    select accepted.*
    from accepted
    {%- if is_incremental() %}
    left join staged as itself on accepted.raw_test_id = itself.raw_test_id
    left join staged as copies
        on
            accepted.app_id = copies.app_id
            and accepted.start_time = copies.start_time
            and accepted.scenario_key = copies.scenario_key
    where itself.raw_test_id is null and copies.raw_test_id is null
    {%- endif %}
),

-- The record received first is the one that counts.
counted as (
    select
        unstaged.*,
        row_number() over (
            partition by unstaged.app_id, unstaged.scenario_key, unstaged.start_time
            order by unstaged.raw_test_id
        ) as copy_number
    from unstaged
),

first_copies as (
    select * from counted
    where copy_number = 1
),

derived as (
    select
        cast(numbering.last_test_id + row_number() over (order by raw_test_id) as bigint) as test_id,
        raw_test_id,
        batch_id,
        received_at,
        cast(app_id as integer) as app_id,
        scenario_id,
        scenario_name,
        start_time,
        end_time,
        duration_ms,
        status,
        error_message,
        metadata_json,
        cast(extract(hour from start_time at time zone 'UTC') as integer) as test_hour,
        cast(start_time at time zone 'UTC' as date) as test_date,
        cast(duration_ms / 60000.0 as numeric(18, 6)) as duration_minutes,
        status = 'failed' and duration_ms > 5 * 60000 as is_critical_failure
    from first_copies
    cross join numbering
)

select * from derived
