{#- What may stand once only; null for rows that a unique rule is not about, such as those without a full key. -#}
{% macro key_of(contract, rule) -%}
    {%- set columns, scope = [], [] -%}
    {%- for condition in [contract.row_filter, rule.where] | select -%}
        {%- do scope.append("(" ~ condition ~ "\n            )") -%}
    {%- endfor -%}
    {%- for name in rule.columns -%}
        {%- do columns.append(lookout.as_name(contract.node, name)) -%}
        {%- do scope.append(lookout.as_name(contract.node, name) ~ " is not null") -%}
    {%- endfor -%}
    {%- set key = columns | join(", ") -%}
    case when {{ scope | join(" and ") }} then {{ key if columns | length == 1 else "row(" ~ key ~ ")" }} end
{%- endmacro %}
