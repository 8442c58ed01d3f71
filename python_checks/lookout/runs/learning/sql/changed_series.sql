with wanted as (
    select * from unnest(%(keys)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[], %(reasons)s::text[])
        as wanted (series_key, starts_at, ends_at, reason)
),
touched as (
    select series_key, min(bucket_start) as judge_from, true as is_measured from {schema}.metric_observations
    where batch_number > %(mark)s group by series_key
    union all
    select series_key, min(window_start), false from {schema}.alert_feedback
    where batch_number > %(mark)s and series_key is not null group by series_key
    union all
    select wanted.series_key, min(baselines.bucket_start), false
    from wanted
    inner join {schema}.baselines as baselines
        on
            baselines.series_key = wanted.series_key
            and baselines.bucket_start >= wanted.starts_at and baselines.bucket_start < wanted.ends_at
    where baselines.status <> 'excluded' or baselines.holiday is not null group by wanted.series_key
    union all
    select baselines.series_key, min(baselines.bucket_start), false
    from {schema}.baselines as baselines
    left join wanted
        on
            baselines.series_key = wanted.series_key and baselines.reason = wanted.reason
            and baselines.bucket_start >= wanted.starts_at and baselines.bucket_start < wanted.ends_at
    where
        baselines.status = 'excluded' and baselines.holiday is null and wanted.series_key is null
        -- Excluded by the clock of its zone, not by a calendar or an answer.
        and baselines.reason <> %(clock_change)s
    group by baselines.series_key
),
first_touched as (
    select series_key, min(judge_from) as judge_from, bool_and(is_measured) as is_measured
    from touched group by series_key
)

select
    monitors.*,
    case when monitors.batch_number > %(mark)s then null else first_touched.judge_from end as judge_from,
    coalesce(first_touched.is_measured and monitors.batch_number <= %(mark)s, false) as is_only_measured
from {schema}.monitors as monitors
left join first_touched on first_touched.series_key = monitors.series_key
where monitors.is_active and (monitors.batch_number > %(mark)s or first_touched.series_key is not null)
