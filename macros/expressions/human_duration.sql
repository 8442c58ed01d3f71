{#- Seconds as a readable duration: 45 min, 26.5 h, 12.0 days. -#}
{% macro human_duration(seconds) -%}
    case
        when {{ seconds }} < 5400 then concat(round(cast({{ seconds }} / 60 as numeric)), ' min')
        when {{ seconds }} < 172800 then concat(round(cast({{ seconds }} / 3600 as numeric), 1), ' h')
        else concat(round(cast({{ seconds }} / 86400 as numeric), 1), ' days')
    end
{%- endmacro %}
