{#- Whether a number and a datepart together make a limit; one without the other is no limit. -#}
{% macro is_limit(number, datepart) -%}
    coalesce({{ number }} > 0 and {{ datepart }} in ('minute', 'hour', 'day', 'week', 'month', 'year'), false)
{%- endmacro %}
