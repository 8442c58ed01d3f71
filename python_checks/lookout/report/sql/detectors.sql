{known_alerts},
    series as (
        select monitors.alert_type,
            asset_status.status in ('ok', 'empty') and (newest.status = 'judged' or monitors.has_limit) as is_evaluated
        from (
            select *, case when connection = 'pipelines' and layer = 'pipeline' then 'PIPELINE_ANOMALY'
                when metric = 'row_count' then 'VOLUME_ANOMALY' when metric = 'freshness' then 'STALE_DATA_FLOW'
                else 'METRIC_ANOMALY' end as alert_type,
                metric = 'freshness' and coalesce(warn_after_seconds, error_after_seconds) is not null as has_limit
            from {schema}.monitors where is_active
        ) as monitors
        cross join clock
        left join {schema}.asset_status as asset_status
            on asset_status.connection = monitors.connection and asset_status.asset = monitors.asset
        left join lateral (
            select status from {schema}.baselines as b
            where b.series_key = monitors.series_key and b.status <> 'forecast' and b.bucket_start < clock.now
            order by b.bucket_start desc limit 1
        ) as newest on true
    )
    select detectors.detector, detectors.alert_type,
        (select count(*) from series where series.alert_type = detectors.alert_type) as watched,
        (select count(*) from series where series.alert_type = detectors.alert_type and is_evaluated) as evaluated,
        (select count(*) from known where known.alert_type = detectors.alert_type and is_open) as open_alerts
    from (
        values (1, 'Volume', 'VOLUME_ANOMALY'), (2, 'Freshness', 'STALE_DATA_FLOW'), (3, 'Metric', 'METRIC_ANOMALY')
    ) as detectors (sort_key, detector, alert_type)
    order by detectors.sort_key
