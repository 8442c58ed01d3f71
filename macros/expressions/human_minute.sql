{#- A moment as readable text: 2026-01-31 06:00 UTC. -#}
{% macro human_minute(moment) -%}
    to_char({{ moment }} at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')
{%- endmacro %}
