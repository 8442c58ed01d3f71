{known_alerts},
    series as (
        select
            case
                when metric = 'row_count' then 'VOLUME_ANOMALY'
                when metric = 'freshness' then 'STALE_DATA_FLOW'
                else 'METRIC_ANOMALY'
            end as alert_type,
            states.state
        from {schema}.series_states as states
        inner join {schema}.monitors as monitors on states.series_key = monitors.series_key
    )
    select detectors.detector, detectors.alert_type,
        (select count(*) from series where series.alert_type = detectors.alert_type) as watched,
        (select count(*) from series where series.alert_type = detectors.alert_type and state in ('ok', 'wrong')) as evaluated,
        (select count(*) from series where series.alert_type = detectors.alert_type and state = 'learning') as learning,
        (select count(*) from known where known.alert_type = detectors.alert_type and is_open) as open_alerts
    from (
        values (1, 'Volume', 'VOLUME_ANOMALY'), (2, 'Freshness', 'STALE_DATA_FLOW'), (3, 'Metric', 'METRIC_ANOMALY')
    ) as detectors (sort_key, detector, alert_type)
    order by detectors.sort_key
