select
    customer_id,
    name as customer_name,
    country,
    created_at
from {{ source("shop", "raw_customers") }}
