{{ config(materialized='ephemeral') }}

select alerts.*
from {{ ref('lookout', 'alerts') }} as alerts
inner join {{ ref('lookout', 'alert_states') }} as states on alerts.alert_key = states.alert_key
where states.is_open and alerts.severity in ('critical', 'warning')
