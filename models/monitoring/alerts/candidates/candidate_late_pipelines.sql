{{ config(materialized='ephemeral') }}

-- An execution that was late stays an open alert until the next execution succeeds; older ones are over. Two that began at
-- the same moment are one alert.
with late as (
    select distinct on (connection, asset, start_date)
        *,
        -- In the unit of the limit, for the text alone: a month is 30 days there.
        trim_scale(round(
            cast(duration_seconds / extract(epoch from cast(concat('1 ', timely_datepart) as interval)) as numeric), 1
        )) as taken,
        concat(timely_number, ' ', timely_datepart, case when timely_number <> 1 then 's' end) as allowed
    from {{ ref('lookout', 'pipeline_timeliness') }}
    where is_current or start_date > {{ lookout.as_of() }} - interval '30 days'
    order by connection, asset, start_date, duration_seconds desc nulls last
),

final as (
    select
        'PIPELINE_LATE' as alert_type,
        case when execution_status = 'running' then 'critical' else 'warning' end as severity,
        connection,
        asset,
        '' as column_name,
        'duration_seconds' as metric,
        owner,
        layer,
        start_date as window_start,
        coalesce(end_date, {{ lookout.as_of() }}) as window_end,
        duration_seconds as observed_value,
        seconds_threshold as upper_bound,
        concat(
            'execution ', pipeline_execution_id, ' of ', name, ' began at ', {{ lookout.human_minute('start_date') }},
            case when end_date is null then ' and is still running' else concat(' and ended at ', {{ lookout.human_minute('end_date') }}) end,
            '; the limit is set for ', case when used_child_config then 'the pipeline itself' else concat('its type ', pipeline_type) end
        ) as reason,
        concat(
            case when execution_status = 'running' then 'running for ' else 'took ' end,
            taken, ' ', timely_datepart, case when taken <> 1 then 's' end, ', expected within ', allowed
        ) as description,
        is_current as is_open,
        {{ lookout.as_of() }} as seen_at
    from late
)

{{ lookout.cast_to_contract(model, 'final', absent=['expected_value', 'lower_bound', 'score', 'series_key']) }}
