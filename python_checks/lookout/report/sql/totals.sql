{known_alerts},
    finished as (
        select status, as_of, as_of - lag(as_of) over (order by as_of) as gap
        from {schema}.lookout_runs
        where command in ('run', 'collect') and status <> 'running'
    )
    select
        (select count(distinct connection) from {schema}.monitors where is_active) as databases,
        (select count(distinct row(connection, asset)) from {schema}.monitors where is_active) as tables,
        (select count(*) from {schema}.monitors where is_active) as series,
        (select count(*) from {schema}.metric_observations where bucket_start < clock.now) as observations,
        (select max(bucket_start) from {schema}.metric_observations where bucket_start < clock.now) as newest_bucket,
        learned.*,
        (select count(*) from known) as alerts,
        (select count(*) from known where is_open) as open_alerts,
        (select max(first_seen_at) from known) as newest_alert_at,
        (select max(as_of) from {schema}.collection_results where as_of <= clock.now) as collected_at,
        runs.*,
        looks.*
    from clock
    cross join lateral (
        select count(*) filter (where status <> 'forecast' and bucket_start < clock.now) as baselines,
            max(learned_at) as learned_at
        from {schema}.baselines
        where learned_at <= clock.now
    ) as learned
    cross join lateral (
        select count(*) as runs, count(*) filter (where status = 'success') as good_runs, max(as_of) as newest_run_at,
            cast(extract(epoch from max(gap)) as double precision) as longest_gap_seconds
        from finished
        where as_of > clock.now - interval '30 days' and as_of <= clock.now
    ) as runs
    cross join lateral (
        select count(*) as looks, count(*) filter (where status in ('ok', 'empty') or unmeasured_series is not null) as good_looks
        from {schema}.collection_results
        where as_of > clock.now - interval '30 days' and as_of <= clock.now
    ) as looks
