{#- A value of the project's YAML as SQL text. -#}
{% macro as_literal(value) -%}
    {{ "'" ~ (value | string | lower if value is boolean else value | string) | replace("'", "''") ~ "'" }}
{%- endmacro %}
