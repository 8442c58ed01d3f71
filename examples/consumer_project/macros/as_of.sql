{#- The shop closes its books at the end of the day of the newest order. -#}
{% macro as_of() -%}
    (select max(ordered_at)::date + 1 from {{ ref("stg_orders") }})
{%- endmacro %}
