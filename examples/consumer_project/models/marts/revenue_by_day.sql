{{ config(materialized="incremental", unique_key="sold_on") }}

select
    ordered_at::date as sold_on,
    count(*) as orders,
    sum(amount_paid) as revenue
from {{ ref("orders") }}
{% if is_incremental() %}
    where ordered_at >= (select max(sold_on) - 3 from {{ this }})
{% endif %}
group by 1
