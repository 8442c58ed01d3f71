{#- Seconds since 1970 with six digits, spelled the same by every server: `extract` gave floating point before PostgreSQL 14. -#}
{% macro exact_epoch(moment) -%}
    round(cast(extract(epoch from date_trunc('second', {{ moment }})) as numeric)
        + mod(cast(extract(microseconds from {{ moment }}) as numeric), 1000000) / 1000000, 6)
{%- endmacro %}
