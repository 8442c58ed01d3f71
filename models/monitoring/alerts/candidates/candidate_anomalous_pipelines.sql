{{ config(materialized='ephemeral') }}

with watched_pipelines as (
    select * from {{ ref('lookout', 'watched_pipelines') }}
),

-- One alert per execution, however many of its numbers are unusual.
unusual as (
    select
        pipeline_execution_id,
        pipeline_id,
        min(start_date) as start_date,
        min(end_date) as end_date,
        count(*) as flags,
        string_agg(
            concat(
                metric_field, ': ', trim_scale(violation_value),
                ' (range: ', trim_scale(threshold_min_value), ' - ', trim_scale(threshold_max_value), ')'
            ),
            ', ' order by metric_field
        ) as numbers,
        string_agg(
            concat(
                metric_field,
                case cause
                    when 'constant' then concat(' was ', trim_scale(historical_mean), ' in each of the ')
                    when 'zero' then ' was never 0 in the '
                    else concat(
                        ' is ', trim_scale(round(abs(z_score), 1)), ' standard deviations ',
                        case when z_score > 0 then 'above' else 'below' end, ' the mean ', trim_scale(historical_mean), ' of the '
                    )
                end,
                context ->> 'execution_count', ' executions in the same hour of the ', context ->> 'lookback_days', ' days before'
            ),
            '; ' order by metric_field
        ) as reasons,
        min(violation_value) as violation_value,
        min(historical_mean) as historical_mean,
        min(threshold_min_value) as threshold_min_value,
        min(threshold_max_value) as threshold_max_value,
        min(z_score) as z_score
    from {{ ref('lookout', 'execution_anomalies') }}
    group by pipeline_execution_id, pipeline_id
),

newest as (
    select
        unusual.pipeline_execution_id,
        later.execution_id is null as is_newest
    from unusual
    left join lateral (
        select runs.execution_id from {{ ref('lookout', 'pipeline_runs') }} as runs
        where
            runs.pipeline_id = unusual.pipeline_id
            and runs.start_date > unusual.start_date
            and runs.completed_successfully
        order by runs.start_date desc
        limit 1
    ) as later on true
),

flagged as (
    select
        'warning' as severity,
        watched_pipelines.connection,
        watched_pipelines.asset,
        'anomaly_rules' as metric,
        watched_pipelines.owner,
        watched_pipelines.layer,
        unusual.start_date as window_start,
        unusual.end_date as window_end,
        -- The values of a single flag; several are in the description.
        {%- for name, column in [
            ('observed_value', 'violation_value'), ('expected_value', 'historical_mean'),
            ('lower_bound', 'threshold_min_value'), ('upper_bound', 'threshold_max_value'), ('score', 'z_score'),
        ] %}
        cast(case when unusual.flags = 1 then unusual.{{ column }} end as double precision) as {{ name }},
        {%- endfor %}
        concat('execution ', unusual.pipeline_execution_id, ': ', unusual.reasons) as reason,
        concat(
            unusual.flags, ' unusual number', case when unusual.flags > 1 then 's' end, ': ', unusual.numbers
        ) as description,
        newest.is_newest as is_open
    from unusual
    inner join newest on unusual.pipeline_execution_id = newest.pipeline_execution_id
    inner join watched_pipelines on unusual.pipeline_id = watched_pipelines.pipeline_id
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
        cast(failures as double precision) as observed_value,
        cast(0 as double precision) as expected_value,
        cast(null as double precision) as lower_bound,
        cast(null as double precision) as upper_bound,
        cast(null as double precision) as score,
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
    select * from flagged
    union all
    select * from failing
),

final as (
    select
        'PIPELINE_ANOMALY' as alert_type,
        severity,
        connection,
        asset,
        '' as column_name,
        metric,
        owner,
        layer,
        cast(null as text) as series_key,
        window_start,
        window_end,
        observed_value,
        expected_value,
        lower_bound,
        upper_bound,
        score,
        reason,
        description,
        is_open,
        {{ lookout.as_of() }} as seen_at
    from found
)

-- Two at the same moment are one alert.
select distinct on (connection, asset, metric, window_start) * from final
order by connection, asset, metric, window_start, observed_value desc nulls last
