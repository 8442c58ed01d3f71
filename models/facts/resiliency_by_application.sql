with daily as (
    select * from {{ ref('fact_resiliency_metrics') }}
),

applications as (
    select * from {{ ref('dim_applications') }}
),

-- Sums first, one division at the end: a mean of daily means would weigh a quiet day like a busy one.
summed as (
    select
        app_id,
        count(*) as days,
        count(*) filter (where rto_compliant) as compliant_days,
        sum(total_tests) as total_tests,
        sum(passed_tests) as passed_tests,
        sum(failed_tests) as failed_tests,
        sum(critical_failures) as critical_failures,
        sum(total_duration_ms) as total_duration_ms,
        sum(failed_duration_ms) as failed_duration_ms
    from daily
    group by app_id
)

select
    applications.app_id,
    applications.app_name,
    applications.owner_team,
    applications.is_critical,
    applications.rto_minutes,
    coalesce(summed.days, 0) as days,
    coalesce(summed.compliant_days, 0) as compliant_days,
    cast(100.0 * summed.compliant_days / summed.days as numeric(5, 2)) as compliance_percentage,
    coalesce(summed.total_tests, 0) as total_tests,
    coalesce(summed.passed_tests, 0) as passed_tests,
    coalesce(summed.failed_tests, 0) as failed_tests,
    coalesce(summed.critical_failures, 0) as critical_failures,
    cast(100.0 * summed.passed_tests / summed.total_tests as numeric(5, 2)) as uptime_percentage,
    cast(summed.total_duration_ms / summed.total_tests as numeric(16, 2)) as avg_duration_ms,
    cast(summed.failed_duration_ms / nullif(summed.failed_tests * 60000, 0) as numeric(10, 2)) as mttr_minutes
from applications
left join summed on applications.app_id = summed.app_id
