{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['app_id', 'metric_date'],
        on_schema_change='fail',
        indexes=[{'columns': ['metric_date']}],
    )
}}

-- The days are counted only once the checks on the newest delivery let them through.
-- depends_on: {{ ref('resiliency_newest_delivery') }}

with tests as (
    select * from {{ ref('stg_resiliency_tests') }}
),

applications as (
    select * from {{ ref('dim_applications') }}
),

{% if is_incremental() -%}
watermark as (
    select coalesce(max(latest_test_id), 0) as latest_test_id from {{ this }}
),

-- Days that received tests since the last run, however old the days are, and days judged by an RTO that has changed.
affected as (
    select
        tests.app_id,
        tests.test_date as metric_date
    from tests
    inner join watermark on tests.test_id > watermark.latest_test_id
    union
    select
        present.app_id,
        present.metric_date
    from {{ this }} as present
    inner join applications on present.app_id = applications.app_id
    where present.rto_minutes <> applications.rto_minutes
),
{%- endif %}

tests_of_affected_days as (
    select tests.*
    from tests
    {%- if is_incremental() %}
    inner join affected on tests.app_id = affected.app_id and tests.test_date = affected.metric_date
    {%- endif %}
),

counted as (
    select
        app_id,
        test_date as metric_date,
        count(*) as total_tests,
        count(*) filter (where status = 'passed') as passed_tests,
        count(*) filter (where status = 'failed') as failed_tests,
        count(*) filter (where is_critical_failure) as critical_failures,
        sum(duration_ms) as total_duration_ms,
        coalesce(sum(duration_ms) filter (where status = 'failed'), 0) as failed_duration_ms,
        max(test_id) as latest_test_id
    from tests_of_affected_days
    group by app_id, test_date
),

averaged as (
    select
        counted.*,
        applications.rto_minutes,
        cast(100.0 * passed_tests / total_tests as numeric(5, 2)) as uptime_percentage,
        cast(total_duration_ms / total_tests as numeric(16, 2)) as avg_duration_ms,
        cast(failed_duration_ms / nullif(failed_tests * 60000, 0) as numeric(10, 2)) as mttr_minutes
    from counted
    inner join applications on counted.app_id = applications.app_id
)

select
    app_id,
    metric_date,
    cast(total_tests as integer) as total_tests,
    cast(passed_tests as integer) as passed_tests,
    cast(failed_tests as integer) as failed_tests,
    cast(critical_failures as integer) as critical_failures,
    uptime_percentage,
    avg_duration_ms,
    mttr_minutes,
    cast(rto_minutes as integer) as rto_minutes,
    coalesce(mttr_minutes <= rto_minutes, true) as rto_compliant,
    cast(total_duration_ms as bigint) as total_duration_ms,
    cast(failed_duration_ms as bigint) as failed_duration_ms,
    latest_test_id
from averaged
