{#- The name of a column in SQL; adapter.quote leaves quotes within as they are. -#}
{% macro as_name(name) -%}
    {{ '"' ~ name | replace('"', '""') ~ '"' }}
{%- endmacro %}
