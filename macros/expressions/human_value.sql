{#- A metric's value as readable text: rates in per cent, freshness as a duration, large numbers with separators. -#}
{% macro human_value(value, metric, kind) -%}
    case
        when {{ value }} is null then 'nothing'
        when {{ metric }} = 'freshness' then {{ lookout.human_duration(value) }}
        when {{ kind }} = 'rate' then concat(round(cast(100 * {{ value }} as numeric), 1), ' %')
        when abs({{ value }}) >= 1000 then trim(to_char({{ value }}, 'FM999,999,999,999,999,990'))
        when abs({{ value }}) >= 10 or {{ value }} = round({{ value }}) then trim_scale(round(cast({{ value }} as numeric), 1))::text
        else trim_scale(round(cast({{ value }} as numeric), 3))::text
    end
{%- endmacro %}
