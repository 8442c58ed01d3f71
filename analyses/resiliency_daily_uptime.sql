-- How did each application do on each day? Newest day first.
select
    app_id,
    metric_date,
    uptime_percentage,
    mttr_minutes,
    rto_minutes,
    rto_compliant
from {{ ref('fact_resiliency_metrics') }}
order by metric_date desc, app_id asc
