{{ config(materialized='ephemeral') }}

-- Where a freshness limit is set, it replaces the learned baseline.
with episodes as (
    select
        monitors.connection, monitors.asset, monitors.column_name, monitors.metric, monitors.kind, monitors.grain,
        monitors.owner, monitors.layer,
        episodes.*,
        {{ lookout.bucket_end('episodes.window_start', 'monitors') }} - episodes.window_start as step,
        coalesce(monitors.time_zone, 'UTC') as zone,
        asset_status.evaluated_at,
        extract(epoch from asset_status.evaluated_at - asset_status.latest_at) as age,
        -- Rows that came end a silence, also where their bucket could not be judged.
        episodes.is_open and not (
            episodes.ends_silent and monitors.metric in ('row_count', 'freshness')
            and coalesce(asset_status.latest_at >= {{ lookout.bucket_end('episodes.window_end', 'monitors') }}, false)
        ) as goes_on
    from {{ ref('lookout', 'alerting_episodes') }} as episodes
    inner join {{ ref('lookout', 'monitors') }} as monitors on episodes.series_key = monitors.series_key
    left join {{ ref('lookout', 'asset_status') }} as asset_status
        on monitors.connection = asset_status.connection and monitors.asset = asset_status.asset
    -- All that is missing of a late load is one alert.
    left join {{ ref('lookout', 'late_episodes') }} as late
        on episodes.series_key = late.series_key and episodes.window_start = late.window_start
    where
        not (monitors.metric = 'freshness' and coalesce(monitors.warn_after_seconds, monitors.error_after_seconds) is not null)
        and late.series_key is null
),

-- A silence is as long as it is now, whatever its worst bucket was.
measured as (
    select
        *,
        goes_on and ends_silent and metric = 'freshness' and age is not null as is_aged,
        greatest(
            window_end, case
                when goes_on and ends_silent and right(grain, 3) = 'min'
                    then to_timestamp(floor(extract(epoch from evaluated_at) / extract(epoch from step)) * extract(epoch from step))
                when goes_on and ends_silent then date_trunc(grain, evaluated_at at time zone zone) at time zone zone
            end
        ) as ends_at
    from episodes
),

worded as (
    select
        measured.*,
        case when measured.is_aged then measured.age else measured.observed_value end as newest_value,
        round(extract(epoch from measured.ends_at - measured.window_start) / extract(epoch from measured.step)) as step_count,
        undated.share,
        measured.observed_value > coalesce(measured.lower_bound, '-infinity')
            and measured.observed_value < coalesce(measured.upper_bound, 'infinity') and not measured.ends_silent as is_within_bounds
    from measured
    left join {{ ref('lookout', 'undated_falls') }} as undated
        on measured.series_key = undated.series_key and measured.window_start = undated.window_start
),

final as (
    select
        case
            when {{ lookout.is_of_pipeline('worded') }} then 'PIPELINE_ANOMALY'
            when metric = 'row_count' then 'VOLUME_ANOMALY'
            when metric = 'freshness' then 'STALE_DATA_FLOW'
            else 'METRIC_ANOMALY'
        end as alert_type,
        case when is_critical then 'critical' else 'warning' end as severity,
        connection, asset, column_name, metric, owner, layer, series_key, window_start, ends_at as window_end,
        newest_value as observed_value, expected_value, lower_bound, upper_bound, score,
        concat(share || ' % of the rows have no timestamp; ', reason) as reason,
        concat(
            case when is_aged then 'no new rows for ' else concat(metric, case when column_name <> '' then concat(' of ', column_name) end, ' was ') end,
            {{ lookout.human_value('newest_value', 'metric', 'kind') }},
            case
                when is_within_bounds then concat(', ', reason)
                when expected_value is not null then concat(', expected about ', {{ lookout.human_value('expected_value', 'metric', 'kind') }})
            end,
            ': ' || share || ' % of the rows have no timestamp',
            case when step_count > 1 and not is_aged then concat(', ', step_count, ' ', replace(grain, 'min', '-minute bucket'), 's long') end
        ) as description,
        goes_on as is_open,
        coalesce(evaluated_at, learned_at) as seen_at
    from worded
)

{{ lookout.cast_to_contract(model, 'final') }}
