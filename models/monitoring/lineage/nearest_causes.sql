{{ config(materialized='ephemeral') }}

with open_alerts as materialized (
    select
        alerts.alert_key,
        alerts.severity,
        alerts.window_start,
        -- A failure at noon can be the cause of what a daily bucket shows, although that bucket began earlier.
        case
            when monitors.grain is null then alerts.window_start
            else {{ lookout.bucket_end('alerts.window_start', 'monitors') }} - interval '1 microsecond'
        end as began_by,
        -- A pipeline comes before what it writes to, and a database before its tables.
        case when alerts.asset = '' then 2 when places.is_pipeline then 1 else 0 end as scope,
        places.address_id
    from {{ ref('lookout', 'alerts') }} as alerts
    inner join {{ ref('lookout', 'alert_states') }} as states on alerts.alert_key = states.alert_key and states.is_open
    inner join {{ ref('lookout', 'alert_places') }} as places
        on
            alerts.connection is not distinct from places.connection
            and alerts.asset = places.asset
            and (alerts.alert_type like 'PIPELINE%') = places.is_pipeline
    left join {{ ref('lookout', 'monitors') }} as monitors on alerts.series_key = monitors.series_key
),

-- An unreachable database is never caused by its data.
upstream as materialized (
    select
        alerts.alert_key,
        alerts.window_start,
        alerts.began_by,
        causes.alert_key as cause_alert_key,
        causes.severity as cause_severity,
        causes.window_start as cause_window_start,
        causes.scope as cause_scope,
        min(closure.depth) as depth
    from open_alerts as alerts
    inner join {{ ref('lookout', 'lineage_closure') }} as closure on alerts.address_id = closure.target_address_id
    inner join open_alerts as causes on closure.source_address_id = causes.address_id
    where
        alerts.scope < 2 and alerts.alert_key <> causes.alert_key
        and (closure.depth > 0 or causes.scope > alerts.scope)
    group by
        alerts.alert_key, alerts.window_start, alerts.began_by,
        causes.alert_key, causes.severity, causes.window_start, causes.scope
),

-- Where each of two may be the cause of the other, it is the one that began earlier.
final as (
    select distinct on (upstream.alert_key) upstream.alert_key, upstream.cause_alert_key
    from upstream
    left join upstream as back
        on upstream.alert_key = back.cause_alert_key and upstream.cause_alert_key = back.alert_key
    where
        upstream.cause_window_start <= upstream.began_by
        and (back.alert_key is null or upstream.cause_window_start < upstream.window_start)
    order by
        upstream.alert_key, upstream.depth, upstream.cause_scope, upstream.cause_severity,
        upstream.cause_window_start, upstream.cause_alert_key
)

select * from final
