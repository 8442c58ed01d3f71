{{ config(materialized='ephemeral') }}

-- Of a table that is behind what is due: the episodes about rows that have not come.
select
    looks.connection, looks.asset, looks.owner, looks.layer, looks.late_since, looks.latest_at, looks.evaluated_at,
    looks.usual_delay_seconds, looks.arrived_until,
    monitors.metric, monitors.grain, monitors.time_zone,
    episodes.series_key, episodes.window_start, episodes.is_critical, episodes.score
from {{ ref('lookout', 'asset_status') }} as looks
inner join {{ ref('lookout', 'monitors') }} as monitors
    on looks.connection = monitors.connection and looks.asset = monitors.asset
inner join {{ ref('lookout', 'alerting_episodes') }} as episodes on monitors.series_key = episodes.series_key
where
    episodes.is_open
    and episodes.window_start >= looks.late_since
    and episodes.window_end > looks.arrived_until
