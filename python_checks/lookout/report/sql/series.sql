with clock as (select %s::timestamptz as now),
worst_first as (
    select monitors.*, scorecard.score as asset_score, scorecard.status as asset_status, states.state, states.reason as state_reason
    from {schema}.monitors as monitors
    left join {schema}.scorecard as scorecard
        on scorecard.scope = 'asset' and scorecard.connection = monitors.connection
        and scorecard.name = monitors.asset
    left join {schema}.series_states as states on states.series_key = monitors.series_key
    where monitors.is_active
    order by scorecard.score nulls first, monitors.connection, monitors.asset, monitors.column_name, monitors.metric
    limit 1000
)
select series.*, newest.status as newest_status, newest.reason as newest_reason,
    judged.bucket_start, judged.observed_value, judged.expected_value, judged.scale, judged.sample_size,
    judged.method as judged_method, judged.score, judged.severity, judged.learned_at,
    coming.bucket_start as next_bucket, coming.expected_value as next_expected, coming.lower_bound as next_lower,
    coming.upper_bound as next_upper, coming.learned_at as next_learned_at
from worst_first as series
cross join clock
left join lateral (
    select * from {schema}.baselines as b
    where b.series_key = series.series_key and b.status <> 'forecast' and b.bucket_start < clock.now
    order by b.bucket_start desc limit 1
) as newest on true
left join lateral (
    select * from {schema}.baselines as b
    where b.series_key = series.series_key and b.status = 'judged' and b.bucket_start < clock.now
    order by b.bucket_start desc limit 1
) as judged on true
left join lateral (
    select * from {schema}.baselines as b
    where b.series_key = series.series_key and b.status = 'forecast'
    order by
        case
            when b.bucket_start + cast(
                case when right(series.grain, 3) = 'min' then series.grain else '1 ' || series.grain end as interval
            ) > clock.now then b.bucket_start
        end,
        b.bucket_start desc
    limit 1
) as coming on true
order by series.asset_score nulls first, series.connection, series.asset, series.column_name, series.metric
