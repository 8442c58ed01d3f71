with last_deliveries as (
    select distinct on (alert_key, target) alert_key, stage, status, alert_status
    from {schema}.alert_deliveries
    order by alert_key, target, step desc
),
unfinished as (
    select distinct alert_key from last_deliveries
    where status in ('pending', 'sending') or (status = 'sent' and alert_status = 'open')
        or (status = 'dropped' and stage <> 'opened')
)
select alerts.alert_key, alerts.alert_type, alerts.severity,
    case when states.is_open then 'open' else 'resolved' end as status, alerts.connection, alerts.asset,
    alerts.column_name, alerts.metric, alerts.window_start, alerts.window_end, alerts.observed_value,
    alerts.expected_value, alerts.lower_bound, alerts.upper_bound, alerts.score, alerts.reason, alerts.description,
    alerts.explanation, alerts.owner, alerts.layer, alerts.resolved_at, alerts.series_key,
    monitors.kind, monitors.grain, monitors.time_zone,
    coalesce(impact.downstream_count, 0) as downstream_count, impact.downstream_models,
    impact.downstream_exposures, impact.downstream_others, impact.downstream_owners,
    causes.alert_key as cause_key,
    trim(causes.connection || ' ' || causes.asset) || ': ' || causes.description as cause
from {schema}.alerts as alerts
left join {schema}.alert_states as states on states.alert_key = alerts.alert_key
left join unfinished on unfinished.alert_key = alerts.alert_key
left join {schema}.alert_impact as impact on impact.alert_key = alerts.alert_key
left join {schema}.alerts as causes on causes.alert_key = impact.root_cause_alert_key
left join {schema}.monitors as monitors on monitors.series_key = alerts.series_key
where states.is_open or unfinished.alert_key is not null
order by alerts.severity, alerts.window_start, alerts.alert_key
