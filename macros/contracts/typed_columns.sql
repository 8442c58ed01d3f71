{#- Names of the columns whose texts, if it holds texts, have to be readable as something else. -#}
{% macro typed_columns(contract) -%}
    {%- set names = [] -%}
    {%- for name in (contract.get("node") or {}).get("columns", {})
        if lookout.promised_type(contract, name).family not in ("", "text", "other") -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
