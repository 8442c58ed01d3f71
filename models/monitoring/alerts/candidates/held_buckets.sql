{{ config(materialized='ephemeral') }}

with baselines as not materialized (
    select * from {{ ref('lookout', 'baselines') }}
    where status = 'judged'
),

monitors as not materialized (
    select * from {{ ref('lookout', 'monitors') }}
    where is_active
),

-- Not materialized: only a few of its millions of rows are read, by severity or by key.
judged as not materialized (
    select
        baselines.*,
        {{ lookout.bucket_end('baselines.bucket_start', 'monitors') }} as bucket_end,
        (baselines.severity = 'critical' or (baselines.severity = 'warning' and monitors.alert_from = 'warning'))
            and {{ lookout.is_reported('baselines', 'monitors') }} as is_alerting,
        case monitors.metric
            when 'row_count' then baselines.observed_value = 0
            -- A row at the bucket's very start, as every row of a date column is, is exactly one bucket old at its end.
            when 'freshness' then baselines.observed_value > extract(
                epoch from {{ lookout.bucket_end('baselines.bucket_start', 'monitors') }} - baselines.bucket_start
            )
            else baselines.observed_value is null
        end as is_silent
    from baselines
    inner join monitors on baselines.series_key = monitors.series_key
    where {{ lookout.bucket_end('baselines.bucket_start', 'monitors') }} <= {{ lookout.as_of() }}
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
final as (
    select
        *,
        is_alerting or (
            is_silent and bool_or(is_alerting) over (partition by series_key, silence, is_silent order by bucket_start)
        ) as is_held
    from numbered
)

select * from final
