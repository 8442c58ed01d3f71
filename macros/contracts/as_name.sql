{#- A column of a node in SQL, as dbt finds it: capitals count only where the YAML says `quote: true`. -#}
{% macro as_name(node, name) -%}
    {%- set is_plain = modules.re.match("[A-Za-z_][A-Za-z0-9_$]*$", name) -%}
    {%- set is_quoted = (node.columns.get(name) or {}).get("quote") -%}
    {{ '"' ~ (name | lower if is_plain and not is_quoted else name | replace('"', '""')) ~ '"' }}
{%- endmacro %}
