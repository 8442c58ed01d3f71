select
    order_id,
    customer_id,
    ordered_at
from {{ ref("orders") }}
where status = 'new' and ordered_at < {{ as_of() }} - interval '2 days'
