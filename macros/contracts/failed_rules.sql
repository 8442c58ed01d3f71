{#- The names of the rules that a row breaks; built only for rows that break one, because it is costly. -#}
{% macro failed_rules(rules, row_filter) -%}
        case
            when {{ row_filter }} is not true then '{}'
            {%- if rules %}
            when {{ rules | map(attribute="sql") | join("\n            or ") }}
            then array_remove(array[
                {%- for rule in rules %}
                case when {{ rule.sql }} then {{ rule.name }} end{{ "," if not loop.last }}
                {%- endfor %}
            ], null)
            {%- endif %}
            else cast('{}' as text[])
        end
{%- endmacro %}
