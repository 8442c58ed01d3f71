{#- The aggregate behind a built-in metric, the same one the profiler sends. -#}
{% macro metric_expression(metric, column_name) %}
    {%- set column = adapter.quote(column_name) if column_name else "" -%}
    {%- set finite = ") filter (where cast(" ~ column ~ " as text) not in ('NaN', 'Infinity', '-Infinity'))" -%}
    {%- set known = {
        "row_count": "count(*)",
        "null_rate": "cast(count(*) - count(" ~ column ~ ") as double precision) / nullif(count(*), 0)",
        "zero_rate": "cast(count(*) filter (where " ~ column ~ " = 0) as double precision) / nullif(count(*), 0)",
        "negative_rate": "cast(count(*) filter (where " ~ column ~ " < 0) as double precision) / nullif(count(*), 0)",
        "distinct_count": "count(distinct " ~ column ~ ")",
        "mean": "avg(" ~ column ~ finite,
        "min": "min(" ~ column ~ finite,
        "max": "max(" ~ column ~ finite,
        "sum": "sum(" ~ column ~ finite,
        "stddev": "stddev_samp(" ~ column ~ finite,
    } -%}
    {%- if metric not in known -%}
        {{ exceptions.raise_compiler_error(
            "metric '" ~ metric ~ "' is not built in: give its aggregate as `expression`, or use one of " ~ known | join(", ")
        ) }}
    {%- endif -%}
    {{ return(known[metric]) }}
{% endmacro %}
