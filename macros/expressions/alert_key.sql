{#- Identity of an alert: what is wrong with what since when, never the time it was noticed. -#}
{% macro alert_key(alert_type, connection, asset, column_name, metric, window_start) -%}
    md5(cast(jsonb_build_array(
        {{ alert_type }}, {{ connection }}, {{ asset }}, {{ column_name }}, {{ metric }},
        extract(epoch from {{ window_start }})
    ) as text))
{%- endmacro %}
