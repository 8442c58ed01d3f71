-- Why were records not accepted, since when and until when?
select
    reason,
    count(*) as records,
    min(received_at) as first_received_at,
    max(received_at) as last_received_at
from {{ ref('stg_resiliency_tests_rejected') }}
group by reason
order by records desc, reason asc
