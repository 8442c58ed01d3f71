{{ config(materialized='ephemeral') }}

-- What Lookout itself tells of a table at this moment.
with own_alerts as (
    select connection, asset, alert_type, severity from {{ ref('lookout', 'anomaly_episodes') }}
    where is_open
    union all
    select connection, asset, alert_type, severity from {{ ref('lookout', 'stale_assets') }}
),

-- The worst of each, so that the join below cannot fan out.
told as (
    select
        connection,
        asset,
        alert_type,
        min(severity) as severity
    from own_alerts
    group by connection, asset, alert_type
),

-- What the contract guard reports with its own count is one alert, not two, and so is what an anomaly test of Elementary
-- finds out about the rows or the age of a table that Lookout tells at least as loudly.
test_failures as (
    select test_failures.*
    from {{ ref('lookout', 'test_failures') }} as test_failures
    left join {{ ref('lookout', 'guard_findings') }} as guard_findings on test_failures.node_id = guard_findings.rule
    left join told
        on
            test_failures.connection = told.connection
            and test_failures.asset = told.asset
            and told.alert_type = case test_failures.test_name
                when 'elementary.volume_anomalies' then 'VOLUME_ANOMALY'
                when 'elementary.freshness_anomalies' then 'STALE_DATA_FLOW'
            end
            and test_failures.status in ('fail', 'warn')
            and (told.severity = 'critical' or test_failures.status = 'warn')
    where guard_findings.rule is null and told.asset is null
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
