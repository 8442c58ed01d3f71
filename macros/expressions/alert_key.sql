{#- Identity of an alert: type, connection, asset, column, metric and start; never the time at which it was found. -#}
{% macro alert_key(alert_type, connection, asset, column_name, metric, window_start) -%}
    md5(cast(jsonb_build_array(
        {{ alert_type }}, {{ connection }}, {{ asset }}, {{ column_name }}, {{ metric }},
        {{ lookout.exact_epoch(window_start) }}
    ) as text))
{%- endmacro %}
