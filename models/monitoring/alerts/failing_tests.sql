{{ config(materialized='ephemeral') }}

-- What the contract guard reports with its own count is one alert, not two.
with test_failures as (
    select test_failures.*
    from {{ ref('lookout', 'test_failures') }} as test_failures
    left join {{ ref('lookout', 'guard_findings') }} as guard_findings on test_failures.node_id = guard_findings.rule
    where guard_findings.rule is null
),

final as (
    select
        'TEST_FAILURE' as alert_type,
        case when status = 'warn' then 'warning' else 'critical' end as severity,
        connection,
        asset,
        column_name,
        name as metric,
        owner,
        layer,
        cast(null as text) as series_key,
        failing_since as window_start,
        executed_at as window_end,
        cast(failures as double precision) as observed_value,
        cast(0 as double precision) as expected_value,
        cast(null as double precision) as lower_bound,
        cast(null as double precision) as upper_bound,
        cast(null as double precision) as score,
        message as reason,
        case
            when status in ('error', 'runtime error') then concat('dbt could not evaluate ', name)
            else concat('dbt test ', name, ' failed')
        end as description,
        true as is_open,
        {{ lookout.as_of() }} as seen_at
    from test_failures
)

select * from final
