{{ config(materialized='ephemeral') }}

-- Two that are stale since the same moment are one alert.
with overdue_loads as (
    select distinct on (connection, asset, stale_since)
        *,
        cast(extract(epoch from {{ lookout.as_of() }} - stale_since) as double precision) as age_seconds,
        concat(freshness_number, ' ', freshness_datepart, case when freshness_number <> 1 then 's' end) as allowed
    from {{ ref('lookout', 'overdue_loads') }}
    order by connection, asset, stale_since
),

final as (
    select
        'PIPELINE_STALE' as alert_type,
        'critical' as severity,
        connection,
        asset,
        '' as column_name,
        'freshness' as metric,
        owner,
        layer,
        stale_since as window_start,
        {{ lookout.as_of() }} as window_end,
        age_seconds as observed_value,
        cast(extract(epoch from due_at - stale_since) as double precision) as upper_bound,
        concat(
            name,
            case when last_dml_timestamp is null then ' was registered at ' else ' last changed rows at ' end,
            {{ lookout.human_minute('stale_since') }}, ' and was due by ', {{ lookout.human_minute('due_at') }},
            '; the limit is set for ', case when used_child_config then 'the pipeline itself' else concat('its type ', pipeline_type) end
        ) as reason,
        concat(
            case
                when last_dml_timestamp is null then 'never loaded'
                else concat('no changed rows for ', {{ lookout.human_duration('age_seconds') }})
            end,
            ', expected within ', allowed
        ) as description,
        true as is_open,
        {{ lookout.as_of() }} as seen_at
    from overdue_loads
)

{{ lookout.cast_to_contract(model, 'final', absent=['expected_value', 'lower_bound', 'score', 'series_key']) }}
