{{ config(materialized='ephemeral') }}

with execution_anomalies as (
    select
        *,
        concat(
            metric_field, ': ', trim_scale(violation_value),
            ' (range: ', trim_scale(threshold_min_value), ' - ', trim_scale(threshold_max_value), ')'
        ) as number_in_words,
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
        ) as reason
    from {{ ref('lookout', 'execution_anomalies') }}
),

-- The values are those of a single number; several are in the texts.
executions as (
    select
        pipeline_execution_id,
        pipeline_id,
        min(start_date) as start_date,
        min(end_date) as end_date,
        count(*) as number_count,
        string_agg(number_in_words, ', ' order by metric_field) as numbers,
        string_agg(reason, '; ' order by metric_field) as reasons,
        case when count(*) = 1 then min(violation_value) end as observed_value,
        case when count(*) = 1 then min(historical_mean) end as expected_value,
        case when count(*) = 1 then min(threshold_min_value) end as lower_bound,
        case when count(*) = 1 then min(threshold_max_value) end as upper_bound,
        case when count(*) = 1 then min(z_score) end as score
    from execution_anomalies
    group by pipeline_execution_id, pipeline_id
),

-- One index lookup for each execution.
final as (
    select
        executions.*,
        later.execution_id is null as is_newest
    from executions
    left join lateral (
        select runs.execution_id from {{ ref('lookout', 'pipeline_runs') }} as runs
        where
            runs.pipeline_id = executions.pipeline_id
            and runs.start_date > executions.start_date
            and runs.completed_successfully
        order by runs.start_date desc
        limit 1
    ) as later on true
)

select * from final
