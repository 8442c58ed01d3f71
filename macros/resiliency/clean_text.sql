{#- Received text without white space around it; null when nothing is left. -#}
{% macro clean_text(column) -%}
    nullif(btrim({{ column }}, e' \t\r\n'), '')
{%- endmacro %}
