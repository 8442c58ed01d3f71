with daily as (
    select * from {{ ref('fact_resiliency_metrics') }}
),

applications as (
    select * from {{ ref('dim_applications') }}
),

run_clock as (
    select
        {{ lookout.as_of() }} as as_of,
        cast({{ lookout.as_of() }} at time zone 'UTC' as date) as last_date
),

-- Seven dates, the run's own included, and a row for a day on which nothing was tested.
dates as (
    select
        run_clock.as_of,
        run_clock.last_date - day_number as metric_date
    from run_clock
    cross join generate_series(0, 6) as day_number
)

select
    applications.app_id,
    applications.app_name,
    dates.metric_date,
    coalesce(daily.total_tests, 0) as total_tests,
    coalesce(daily.failed_tests, 0) as failed_tests,
    daily.uptime_percentage,
    daily.avg_duration_ms,
    daily.mttr_minutes,
    daily.rto_compliant,
    dates.as_of
from applications
cross join dates
left join daily on applications.app_id = daily.app_id and dates.metric_date = daily.metric_date
