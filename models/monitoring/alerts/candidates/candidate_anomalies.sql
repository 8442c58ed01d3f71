{{ config(materialized='ephemeral') }}

with baselines as not materialized (
    select * from {{ ref('lookout', 'baselines') }}
    where status = 'judged'
),

monitors as not materialized (
    select
        *,
        {{ lookout.bucket_step('grain') }} as step
    from {{ ref('lookout', 'monitors') }}
    where is_active
),

asset_status as (
    select * from {{ ref('lookout', 'asset_status') }}
),

-- Not materialized: only a few of its millions of rows are read, by severity or by key.
judged as not materialized (
    select
        baselines.*,
        baselines.bucket_start + monitors.step as bucket_end,
        (baselines.severity = 'critical' or (baselines.severity = 'warning' and monitors.alert_from = 'warning'))
            and {{ lookout.is_reported('baselines', 'monitors') }} as is_alerting,
        case monitors.metric
            when 'row_count' then baselines.observed_value = 0
            when 'freshness' then baselines.observed_value >= extract(epoch from monitors.step)
            else baselines.observed_value is null
        end as is_silent
    from baselines
    inner join monitors on baselines.series_key = monitors.series_key
    where baselines.bucket_start + monitors.step <= {{ lookout.as_of() }}
),

alerting as (
    select
        *,
        lead(bucket_start, 1, 'infinity') over (partition by series_key order by bucket_start) as next_alerting
    from judged
    where severity in ('warning', 'critical') and is_alerting
),

-- The bucket that ends each of them, if one does: the next that is neither alerting nor part of its silence.
ended as (
    select
        alerting.series_key,
        alerting.bucket_start,
        alerting.next_alerting,
        quiet.bucket_start as ends_at
    from alerting
    left join lateral (
        select judged.bucket_start from judged
        where
            judged.series_key = alerting.series_key
            and judged.bucket_start > alerting.bucket_start
            and judged.bucket_start < alerting.next_alerting
            and not (alerting.is_silent and judged.is_silent)
        order by judged.bucket_start
        limit 1
    ) as quiet on true
),

relevant as (
    select judged.*
    from ended
    inner join judged
        on
            ended.series_key = judged.series_key
            and ended.bucket_start <= judged.bucket_start
            and ended.next_alerting > judged.bucket_start
            and coalesce(ended.ends_at, 'infinity') >= judged.bucket_start
),

numbered as (
    select
        *,
        count(*) filter (where not is_silent) over (partition by series_key order by bucket_start) as silence
    from relevant
),

-- A silence that was an alert once stays one until rows arrive: no rows for months do not become the new normal.
held as (
    select
        *,
        is_alerting or (
            is_silent and bool_or(is_alerting) over (partition by series_key, silence, is_silent order by bucket_start)
        ) as is_held
    from numbered
),

-- Buckets between the same two quiet ones are one episode; one that could not be judged does not end an episode.
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
        case
            when {{ lookout.is_of_pipeline('monitors') }} then 'PIPELINE_ANOMALY'
            when monitors.metric = 'row_count' then 'VOLUME_ANOMALY'
            when monitors.metric = 'freshness' then 'STALE_DATA_FLOW'
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
    -- Where a freshness limit is set, it replaces the learned baseline.
    where not (monitors.metric = 'freshness' and coalesce(monitors.warn_after_seconds, monitors.error_after_seconds) is not null)
)

select * from final
