{{ config(materialized='ephemeral') }}

-- Failures to explain an alert stay in alert_explanations.
select
    alert_key,
    string_agg(explanation, '; ' order by dimension) as explanation
from {{ ref('lookout', 'alert_explanations') }}
where cast(details as jsonb) ->> 'error' is null
group by alert_key
