with wanted as (
    select
        candidates.*,
        cast(
            case when right(monitors.grain, 3) = 'min' then monitors.grain else '1 ' || monitors.grain end as interval
        ) as step,
        coalesce(monitors.time_zone, 'UTC') as zone
    from {schema}.alert_candidates as candidates
    inner join {schema}.monitors as monitors on monitors.series_key = candidates.series_key
    left join {schema}.alert_states as states on states.alert_key = candidates.alert_key
    left join unnest(%(known)s::text[]) as known (alert_key) on known.alert_key = candidates.alert_key
    where
        candidates.series_key = any(%(keys)s)
        and candidates.alert_type in ('VOLUME_ANOMALY', 'METRIC_ANOMALY')
        and (states.is_open or known.alert_key is null)
),
worst as (
    select wanted.*, found.bucket_start
    from wanted
    cross join lateral (
        select baselines.bucket_start from {schema}.baselines as baselines
        where
            baselines.series_key = wanted.series_key and baselines.status = 'judged' and baselines.severity <> ''
            and baselines.bucket_start >= wanted.window_start and baselines.bucket_start < wanted.window_end
        order by abs(baselines.score) desc nulls last, baselines.bucket_start limit 1
    ) as found
),
chosen as (
    select worst.* from worst
    left join {schema}.alert_explanations as explanations
        on explanations.alert_key = worst.alert_key and explanations.bucket_start = worst.bucket_start
    where explanations.alert_key is null
    order by
        worst.is_open desc, case when worst.is_open then worst.window_start end desc nulls last,
        abs(worst.score) desc nulls last, worst.alert_key
    limit %(most)s
)
select
    chosen.alert_key, chosen.series_key, chosen.bucket_start, chosen.observed_value,
    array(
        select ordinary.bucket_start from {schema}.metric_observations as ordinary
        left join {schema}.baselines as baselines
            on baselines.series_key = ordinary.series_key and baselines.bucket_start = ordinary.bucket_start
        where
            ordinary.series_key = chosen.series_key and ordinary.value is not null
            and ordinary.bucket_start in (
                select (chosen.bucket_start at time zone chosen.zone - week * interval '7 days') at time zone chosen.zone
                from generate_series(1, 13) as week
            )
            and coalesce(baselines.severity, '') = '' and coalesce(baselines.status, '') <> 'excluded'
        order by ordinary.bucket_start desc limit 8
    ) as same_slot,
    array(
        select ordinary.bucket_start from {schema}.metric_observations as ordinary
        left join {schema}.baselines as baselines
            on baselines.series_key = ordinary.series_key and baselines.bucket_start = ordinary.bucket_start
        where
            ordinary.series_key = chosen.series_key and ordinary.value is not null
            and ordinary.bucket_start < chosen.bucket_start
            and ordinary.bucket_start >= chosen.bucket_start - 40 * chosen.step
            and coalesce(baselines.severity, '') = '' and coalesce(baselines.status, '') <> 'excluded'
        order by ordinary.bucket_start desc limit 8
    ) as latest
from chosen
order by
    chosen.is_open desc, case when chosen.is_open then chosen.window_start end desc nulls last,
    abs(chosen.score) desc nulls last, chosen.alert_key
