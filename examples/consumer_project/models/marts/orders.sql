with orders as (
    select * from {{ ref("stg_orders") }}
),

payments as (
    select * from {{ ref("stg_payments") }}
),

paid as (
    select
        order_id,
        sum(amount) as amount_paid,
        max(paid_at) as paid_at
    from payments
    group by order_id
)

select
    orders.order_id,
    orders.customer_id,
    orders.app_name,
    orders.ordered_at,
    orders.status,
    coalesce(paid.amount_paid, 0) as amount_paid,
    paid.paid_at
from orders
left join paid using (order_id)
