{{ config(materialized='ephemeral') }}

with watched_pipelines as (
    select * from {{ ref('lookout', 'watched_pipelines') }}
),

-- One alert per execution, however many of its numbers are unusual.
unusual as (
    select
        'warning' as severity,
        watched_pipelines.connection,
        watched_pipelines.asset,
        'anomaly_rules' as metric,
        watched_pipelines.owner,
        watched_pipelines.layer,
        executions.start_date as window_start,
        executions.end_date as window_end,
        executions.observed_value,
        executions.expected_value,
        executions.lower_bound,
        executions.upper_bound,
        executions.score,
        concat('execution ', executions.pipeline_execution_id, ': ', executions.reasons) as reason,
        concat(
            executions.number_count, ' unusual number', case when executions.number_count > 1 then 's' end, ': ', executions.numbers
        ) as description,
        executions.is_newest as is_open
    from {{ ref('lookout', 'unusual_executions') }} as executions
    inner join watched_pipelines on executions.pipeline_id = watched_pipelines.pipeline_id
),

failing as (
    select
        'critical' as severity,
        connection,
        asset,
        'failed_executions' as metric,
        owner,
        layer,
        failing_since as window_start,
        end_date as window_end,
        failures as observed_value,
        0 as expected_value,
        cast(null as numeric) as lower_bound,
        cast(null as numeric) as upper_bound,
        cast(null as numeric) as score,
        coalesce(nullif(error, ''), 'it left no error text') as reason,
        concat(
            case when node_id = '' then 'the last execution ' else 'dbt could not build it: the last execution ' end,
            case when status = 'killed' then 'was killed' else 'failed' end,
            case when failures > 1 then concat(', ', failures, ' failures in a row') end
        ) as description,
        true as is_open
    from {{ ref('lookout', 'failing_executions') }}
),

found as (
    select * from unusual
    union all
    select * from failing
),

-- Two at the same moment are one alert.
final as (
    select distinct on (connection, asset, metric, window_start)
        *,
        'PIPELINE_ANOMALY' as alert_type,
        '' as column_name,
        {{ lookout.as_of() }} as seen_at
    from found
    order by connection, asset, metric, window_start, observed_value desc nulls last
)

{{ lookout.cast_to_contract(model, 'final', absent=['series_key']) }}
