{{ config(materialized='table', indexes=[{'columns': ['alert_key'], 'unique': true}]) }}

with alerts as (
    select * from {{ ref('lookout', 'alerts') }}
),

candidates as (
    select * from {{ ref('lookout', 'alert_candidates') }}
),

final as (
    select
        alerts.alert_key,
        candidates.alert_key is not null as is_found,
        -- Without a candidate, as for a table that could not be evaluated, the stored state of the alert holds.
        coalesce(
            candidates.is_open,
            alerts.status = 'open' or alerts.resolved_at > {{ lookout.as_of() }}
        ) as is_open
    from alerts
    left join candidates on alerts.alert_key = candidates.alert_key
    where candidates.alert_key is not null or alerts.first_seen_at <= {{ lookout.as_of() }}
)

select * from final
