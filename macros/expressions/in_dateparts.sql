{#- Seconds in the unit of a limit, as text: 1.5 hours, 1 minute. Here a month has 30 days and a year 365. -#}
{% macro in_dateparts(seconds, datepart) -%}
    {%- set units = {'minute': 60, 'hour': 3600, 'day': 86400, 'week': 604800, 'month': 2592000, 'year': 31536000} -%}
    {%- set amount -%}
        trim_scale(round(
            cast({{ seconds }} as numeric) / case {{ datepart }}
                {%- for name, length in units.items() %} when '{{ name }}' then {{ length }}{% endfor %}
            end, 1
        ))
    {%- endset -%}
    concat({{ amount }}, ' ', {{ datepart }}, case when {{ amount }} <> 1 then 's' end)
{%- endmacro %}
