{#- A score between 0 and 100 as a word. -#}
{% macro reliability_status(score) -%}
    case
        when {{ score }} >= 90 then 'Excellent'
        when {{ score }} >= 75 then 'Good'
        when {{ score }} >= 60 then 'Fair'
        else 'Poor'
    end
{%- endmacro %}
