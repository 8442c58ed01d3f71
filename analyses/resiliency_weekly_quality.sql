-- Do pass rate and duration move from week to week? Weeks begin on Monday; means are weighted by their tests.
select
    app_id,
    cast(date_trunc('week', metric_date) as date) as week_starting_on,
    sum(total_tests) as total_tests,
    round(100.0 * sum(passed_tests) / sum(total_tests), 2) as passed_percentage,
    round(100.0 * sum(failed_tests) / sum(total_tests), 2) as failed_percentage,
    round(sum(total_duration_ms) / sum(total_tests), 2) as avg_duration_ms,
    round(sum(failed_duration_ms) / nullif(sum(failed_tests) * 60000, 0), 2) as mttr_minutes
from {{ ref('fact_resiliency_metrics') }}
group by app_id, week_starting_on
order by week_starting_on desc, app_id asc
