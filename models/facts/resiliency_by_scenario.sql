with tests as (
    select * from {{ ref('stg_resiliency_tests') }}
),

summed as (
    select
        scenario_id,
        min(scenario_name) as scenario_name,
        count(*) as total_tests,
        count(*) filter (where status = 'failed') as failed_tests,
        count(*) filter (where is_critical_failure) as critical_failures,
        sum(duration_ms) filter (where status = 'failed') as failed_duration_ms
    from tests
    group by scenario_id, lower(scenario_name)
)

select
    scenario_id,
    scenario_name,
    total_tests,
    failed_tests,
    critical_failures,
    cast(100.0 * failed_tests / total_tests as numeric(5, 2)) as failed_percentage,
    cast(failed_duration_ms / nullif(failed_tests * 60000, 0) as numeric(10, 2)) as mttr_minutes
from summed
