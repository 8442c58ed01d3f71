{{ config(materialized='ephemeral') }}

with late as (
    select
        connection, asset, owner, layer, late_since, latest_at, evaluated_at, usual_delay_seconds,
        max(grain) as grain, max(time_zone) as time_zone,
        coalesce(max(series_key) filter (where metric = 'freshness'), max(series_key) filter (where metric = 'row_count')) as series_key,
        bool_or(is_critical) as is_critical,
        greatest(min(window_start), max(arrived_until)) as missing_from,
        max(abs(score)) as score,
        extract(epoch from evaluated_at - latest_at) as age
    from {{ ref('lookout', 'late_episodes') }}
    group by connection, asset, owner, layer, late_since, latest_at, evaluated_at, usual_delay_seconds
),

-- Learning knows in which buckets no rows are due, so the first that alerts is the first that is missing.
due as (
    select
        late.*,
        {{ lookout.bucket_end('late.missing_from', 'late') }} + late.usual_delay_seconds * interval '1 second' as due_at
    from late
    -- A table beyond its fixed limit is reported by that.
    left join {{ ref('lookout', 'candidate_stale_assets') }} as limited
        on late.connection = limited.connection and late.asset = limited.asset
    where limited.asset is null
),

final as (
    select
        'STALE_DATA_FLOW' as alert_type,
        case when is_critical then 'critical' else 'warning' end as severity,
        connection, asset, '' as column_name, 'freshness' as metric, owner, layer,
        series_key,
        late_since as window_start,
        evaluated_at as window_end,
        age as observed_value,
        score,
        concat(
            'the ', grain, ' ', {{ lookout.human_minute('missing_from') }}, ' is usually complete by ', {{ lookout.human_minute('due_at') }},
            ', it is now ', {{ lookout.human_minute('evaluated_at') }}, '; newest row ', {{ lookout.human_minute('latest_at') }}
        ) as reason,
        concat(
            'late load: the ', grain, ' ', {{ lookout.human_minute('missing_from') }}, ' is usually complete by ',
            {{ lookout.human_minute('due_at') }}, '; no new rows for ', {{ lookout.human_duration('age') }}
        ) as description,
        true as is_open,
        evaluated_at as seen_at
    from due
)

{{ lookout.cast_to_contract(model, 'final', absent=['expected_value', 'lower_bound', 'upper_bound']) }}
