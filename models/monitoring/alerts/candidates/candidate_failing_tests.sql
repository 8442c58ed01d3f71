{{ config(materialized='ephemeral') }}

-- What Lookout itself reports about a table at this moment.
with own_alerts as (
    select connection, asset, alert_type, severity from {{ ref('lookout', 'candidate_anomalies') }}
    where is_open
    union all
    select connection, asset, alert_type, severity from {{ ref('lookout', 'candidate_stale_assets') }}
    union all
    select connection, asset, alert_type, severity from {{ ref('lookout', 'candidate_late_loads') }}
),

-- The worst of each, so that the join below cannot fan out.
worst_own_alerts as (
    select
        connection,
        asset,
        alert_type,
        min(severity) as severity
    from own_alerts
    group by connection, asset, alert_type
),

-- No second alert for a rule that the contract checks report with their own count, nor for an anomaly test of
-- Elementary about the rows or the age of a table for which Lookout has an alert at least as severe.
unreported as (
    select test_results.*
    from {{ ref('lookout', 'failing_dbt_results') }} as test_results
    left join {{ ref('lookout', 'contract_check_results') }} as check_results on test_results.node_id = check_results.rule
    left join worst_own_alerts
        on
            test_results.connection = worst_own_alerts.connection
            and test_results.asset = worst_own_alerts.asset
            and worst_own_alerts.alert_type = case test_results.test_name
                when 'elementary.volume_anomalies' then 'VOLUME_ANOMALY'
                when 'elementary.freshness_anomalies' then 'STALE_DATA_FLOW'
            end
            and test_results.outcome in ('failed', 'warned')
            and (worst_own_alerts.severity = 'critical' or test_results.outcome = 'warned')
    where test_results.is_check and check_results.rule is null and worst_own_alerts.asset is null
),

final as (
    select
        'TEST_FAILURE' as alert_type,
        case when outcome = 'warned' then 'warning' else 'critical' end as severity,
        connection,
        asset,
        column_name,
        name as metric,
        owner,
        layer,
        failing_since as window_start,
        executed_at as window_end,
        failures as observed_value,
        0 as expected_value,
        message as reason,
        case when outcome = 'error' then concat('dbt could not evaluate ', name) else concat('dbt test ', name, ' failed') end
            as description,
        true as is_open,
        {{ lookout.as_of() }} as seen_at
    from unreported
)

{{ lookout.cast_to_contract(model, 'final', absent=['lower_bound', 'upper_bound', 'score', 'series_key']) }}
