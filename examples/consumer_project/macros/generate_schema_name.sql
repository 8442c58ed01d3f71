{#- The shop's own rule for the names of its schemas: all of them begin with `shop`. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{- "shop_" ~ custom_schema_name | trim if custom_schema_name else "shop" -}}
{%- endmacro %}
