{#- A whole number as readable text, such as 336,776. -#}
{% macro human_count(number) -%}
    to_char({{ number }}, 'FM999,999,999,999,999')
{%- endmacro %}
