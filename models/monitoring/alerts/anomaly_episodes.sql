{{ config(materialized='ephemeral') }}

with baselines as (
    select * from {{ ref('lookout', 'baselines') }}
    where status = 'judged'
),

monitors as (
    select * from {{ ref('lookout', 'monitors') }}
    where is_active
),

asset_status as (
    select * from {{ ref('lookout', 'asset_status') }}
),

anomalous_series as (
    select distinct anomalies.series_key
    from {{ ref('lookout', 'anomalies') }} as anomalies
    inner join monitors on anomalies.series_key = monitors.series_key
    where anomalies.severity = 'critical' or monitors.alert_from = 'warning'
),

judged as (
    select
        baselines.*,
        baselines.bucket_start + {{ lookout.bucket_step('monitors.grain') }} as bucket_end,
        baselines.severity = 'critical'
            or (baselines.severity = 'warning' and monitors.alert_from = 'warning') as is_alerting,
        case monitors.metric
            when 'row_count' then baselines.observed_value = 0
            when 'freshness'
                then baselines.observed_value >= extract(epoch from {{ lookout.bucket_step('monitors.grain') }})
            else baselines.observed_value is null
        end as is_silent
    from baselines
    inner join anomalous_series on baselines.series_key = anomalous_series.series_key
    inner join monitors on baselines.series_key = monitors.series_key
    where baselines.bucket_start + {{ lookout.bucket_step('monitors.grain') }} <= {{ lookout.as_of() }}
),

numbered as (
    select
        *,
        count(*) filter (where not is_silent) over (partition by series_key order by bucket_start) as silence
    from judged
),

-- A silence that was an alert once stays one until something comes: no rows for months do not become the new normal.
held as (
    select
        *,
        is_alerting or (
            is_silent and bool_or(is_alerting) over (partition by series_key, silence, is_silent order by bucket_start)
        ) as is_held
    from numbered
),

-- Buckets between the same two quiet ones belong together; one that could not be judged does not end an episode.
counted as (
    select
        *,
        count(*) filter (where not is_held) over (partition by series_key order by bucket_start) as quiet_before,
        count(*) filter (where not is_held) over (partition by series_key) as quiet_in_all
    from held
),

ranked as (
    select
        *,
        min(bucket_start) over episode as window_start,
        max(bucket_end) over episode as window_end,
        bool_or(severity = 'critical') over episode as is_critical,
        count(*) over episode as bucket_count,
        row_number() over (
            partition by series_key, quiet_before
            order by abs(score) desc nulls last, bucket_start
        ) as severity_rank
    from counted
    where is_held
    window episode as (partition by series_key, quiet_before)
),

worst as (
    select * from ranked
    where severity_rank = 1
),

final as (
    select
        case monitors.metric
            when 'row_count' then 'VOLUME_ANOMALY'
            when 'freshness' then 'STALE_DATA_FLOW'
            else 'METRIC_ANOMALY'
        end as alert_type,
        case when worst.is_critical then 'critical' else 'warning' end as severity,
        monitors.connection,
        monitors.asset,
        monitors.column_name,
        monitors.metric,
        monitors.owner,
        monitors.layer,
        worst.series_key,
        worst.window_start,
        worst.window_end,
        worst.observed_value,
        worst.expected_value,
        worst.lower_bound,
        worst.upper_bound,
        worst.score,
        worst.reason,
        concat(
            monitors.metric,
            case when monitors.column_name <> '' then concat(' of ', monitors.column_name) end,
            ' was ', {{ lookout.human_value('worst.observed_value', 'monitors.metric', 'monitors.kind') }},
            case
                when worst.expected_value is not null
                    then concat(
                        ', expected about ',
                        {{ lookout.human_value('worst.expected_value', 'monitors.metric', 'monitors.kind') }}
                    )
            end,
            case when worst.bucket_count > 1 then concat(', ', worst.bucket_count, ' ', monitors.grain, 's long') end
        ) as description,
        worst.quiet_before = worst.quiet_in_all as is_open,
        coalesce(asset_status.evaluated_at, worst.learned_at) as seen_at
    from worst
    inner join monitors on worst.series_key = monitors.series_key
    left join asset_status on monitors.connection = asset_status.connection and monitors.asset = asset_status.asset
    -- Where people set a freshness limit, the limit speaks instead of the learned baseline.
    where not (monitors.metric = 'freshness' and coalesce(monitors.warn_after_seconds, monitors.error_after_seconds) is not null)
)

select * from final
