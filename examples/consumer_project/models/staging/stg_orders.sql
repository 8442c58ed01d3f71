with orders as (
    select * from {{ source("shop", "raw_orders") }}
),

applications as (
    select * from {{ ref("dim_applications") }}
)

select
    orders.order_id,
    orders.customer_id,
    applications.app_name,
    orders.ordered_at,
    orders.status
from orders
left join applications using (app_id)
