{#- End of the bucket that begins at a moment, by the grain and the time zone of a row of `monitors`: as BucketClock has it. -#}
{% macro bucket_end(start, monitors) -%}
    {%- set zone = "coalesce(" ~ monitors ~ ".time_zone, 'UTC')" -%}
    {%- set grain = monitors ~ ".grain" -%}
    ((
        date_trunc(case when right({{ grain }}, 3) = 'min' then 'minute' else {{ grain }} end, ({{ start }}) at time zone {{ zone }})
        + cast(case when right({{ grain }}, 3) = 'min' then {{ grain }} else '1 ' || {{ grain }} end as interval) - interval '1 microsecond'
    ) at time zone {{ zone }} + interval '1 microsecond')
{%- endmacro %}
