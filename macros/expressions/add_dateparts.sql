{#-
    A moment moved by so many minutes, hours, days, weeks, months or years of the calendar in UTC, whatever the session's
    time zone is; null for any other datepart. January 31 and 1 month is the last of February.
-#}
{% macro add_dateparts(moment, number, datepart) -%}
    (
        ({{ moment }}) at time zone 'UTC'
        + case {{ datepart }}
            when 'minute' then {{ number }} * interval '1 minute'
            when 'hour' then {{ number }} * interval '1 hour'
            {#- A cap that keeps the result within a timestamp: a mistyped limit must not stop the run. #}
            {%- for name in ('day', 'week', 'month', 'year') %}
            when '{{ name }}' then least({{ number }}, 100000) * interval '1 {{ name }}'
            {%- endfor %}
        end
    ) at time zone 'UTC'
{%- endmacro %}
