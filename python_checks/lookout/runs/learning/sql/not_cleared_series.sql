with changed as (
    {changed_series}
),
fresh as (
    select
        observations.series_key, observations.bucket_start, observations.value, changed.kind, changed.step, changed.zone,
        changed.is_learned, changed.alert_from, changed.metric,
        (observations.bucket_start at time zone changed.zone - changed.step) at time zone changed.zone as before,
        lag(observations.bucket_start) over (
            partition by observations.series_key order by observations.bucket_start
        ) as previous_start,
        coalesce(not abs(observations.value) < 'infinity', true)
            or (changed.is_learned and changed.metric = 'row_count' and observations.value = 0) as is_empty
    from (
        select
            *,
            cast(case when right(grain, 3) = 'min' then grain else '1 ' || grain end as interval) as step,
            coalesce(time_zone, 'UTC') as zone,
            coalesce(method, 'learned') = 'learned' as is_learned
        from changed
    ) as changed
    inner join {schema}.metric_observations as observations on observations.series_key = changed.series_key
    where
        changed.is_only_measured and observations.batch_number > %(mark)s
        and (observations.bucket_start at time zone changed.zone + changed.step) at time zone changed.zone <= %(as_of)s
),
judged as (
    select
        fresh.series_key,
        case
            when forecast.status is null or forecast.status = 'learning' then false
            when coalesce(forecast.severity, '') <> '' then false
            when forecast.status = 'excluded' then true
            -- A series that is still learning, or whose bucket before was anomalous, is not cleared.
            when
                coalesce(fresh.previous_start <> fresh.before, true)
                and (
                    coalesce(previous.status not in ('judged', 'excluded'), true)
                    or coalesce(previous.severity, '') not in ('', 'warning')
                )
                then false
            -- Empty again in a slot where nothing was missed a week ago, and no load is due.
            when fresh.is_empty
                then coalesce(last_week.is_empty, false) and not (fresh.metric = 'row_count' and coalesce(forecast.expected_value > 0, true))
            when fresh.value <= forecast.lower_bound or fresh.value >= forecast.upper_bound then false
            -- A warning is no alert by itself, unless it is asked for or the second in a row.
            when
                (fresh.value <= forecast.warning_lower_bound or fresh.value >= forecast.warning_upper_bound)
                and (fresh.alert_from = 'warning' or coalesce(previous.severity, '') <> '')
                then false
            else repeated.is_stuck is not true
        end as is_cleared
    from fresh
    left join lateral (
        select * from {schema}.baselines as baselines
        where baselines.series_key = fresh.series_key and baselines.bucket_start = fresh.bucket_start limit 1
    ) as forecast on true
    left join lateral (
        select * from {schema}.baselines as baselines
        where
            baselines.series_key = fresh.series_key and baselines.bucket_start = fresh.before
        limit 1
    ) as previous on true
    left join lateral (
        select coalesce(baselines.observed_value, 0) = 0 as is_empty from {schema}.baselines as baselines
        where
            fresh.is_empty and baselines.series_key = fresh.series_key
            and baselines.bucket_start = (fresh.bucket_start at time zone fresh.zone - interval '7 days') at time zone fresh.zone
            and baselines.status = 'judged' and coalesce(baselines.severity, '') = ''
        limit 1
    ) as last_week on true
    -- The third equal value in a row, where repeating is not what this series does all the time.
    left join lateral (
        select baselines.observed_value = fresh.value as is_stuck from {schema}.baselines as baselines
        where
            fresh.is_learned and fresh.value = previous.observed_value and previous.score <> 0
            and not (fresh.kind = 'rate' and fresh.value in (0, 1))
            and baselines.series_key = fresh.series_key
            and baselines.bucket_start = (fresh.bucket_start at time zone fresh.zone - 2 * fresh.step) at time zone fresh.zone
        limit 1
    ) as repeated on true
),
urgent as (
    select series_key from judged where not is_cleared
    union
    -- A normal bucket ends an episode, so series with an open alert are learned first.
    select alerts.series_key from {schema}.alerts as alerts
    inner join {schema}.alert_states as states on states.alert_key = alerts.alert_key
    where states.is_open and alerts.series_key is not null
),
counted as (
    select count(*) as changed_series from changed
),
chosen as (
    select changed.*
    from changed
    cross join counted
    left join urgent on urgent.series_key = changed.series_key
    where not changed.is_only_measured or urgent.series_key is not null or counted.changed_series <= %(few)s
)
select chosen.*, counted.changed_series
from counted
left join chosen on true
