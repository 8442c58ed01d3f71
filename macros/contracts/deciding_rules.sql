{#- The rules that decide which rows are accepted; all rules when nobody asks for a decision. -#}
{% macro deciding_rules(contract, only) %}
    {%- set rules = lookout.row_rules(contract) -%}
    {%- if only and contract.mode != "strict" -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(rules | selectattr("severity", "equalto", "critical") | list if only else rules) }}
{% endmacro %}
