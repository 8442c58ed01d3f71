{#-
    The names of the rules that a row breaks by itself, as an array. They are put together for rows that break one:
    for all the others that would cost more than everything else.
-#}
{% macro failed_rules(contract, rules) -%}
    {%- set conditions, names = [], [] -%}
    {%- for rule in rules -%}
        {%- set condition = lookout.broken(contract, rule) -%}
        {%- do conditions.append(condition) -%}
        {%- do names.append("case when " ~ condition ~ " then " ~ lookout.as_literal(rule.name) ~ " end") -%}
    {%- endfor -%}
    {%- set glue = ",\n                " -%}
    {%- if not rules -%}
        cast('{}' as text[])
    {%- else -%}
        case
            {%- if contract.row_filter %}
            when ({{ contract.row_filter }}
            ) is not true then '{}'
            {%- endif %}
            when {{ conditions | join("\n            or ") }}
            then array_remove(array[
                {{ names | join(glue) }}
            ], null)
            else '{}'
        end
    {%- endif -%}
{%- endmacro %}
