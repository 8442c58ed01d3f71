{#- A list of values of the project's YAML as SQL, in the type that is promised for the column. -#}
{% macro as_literals(values, promised) -%}
    {%- set written = [] -%}
    {%- for value in values if value is not none -%}
        {%- set is_number = promised.family in ("integer", "number", "real", "float") -%}
        {%- set cast = "::" ~ promised.type if promised.family in ("real", "float") else "" -%}
        {%- do written.append(value ~ cast if is_number else lookout.as_literal(value)) -%}
    {%- endfor -%}
    {{ written | join(", ") }}
{%- endmacro %}
