{{ config(materialized='ephemeral') }}

with recursive nearest as (
    select * from {{ ref('lookout', 'nearest_causes') }}
),

chain as (
    select alert_key, cause_alert_key as root_alert_key from nearest
    union
    select chain.alert_key, nearest.cause_alert_key from chain
    inner join nearest on chain.root_alert_key = nearest.alert_key
),

roots as (
    select chain.* from chain
    left join nearest on chain.root_alert_key = nearest.alert_key
    where nearest.alert_key is null
),

final as (
    select nearest.*, coalesce(roots.root_alert_key, nearest.cause_alert_key) as root_alert_key from nearest
    left join roots on nearest.alert_key = roots.alert_key
)

select * from final
