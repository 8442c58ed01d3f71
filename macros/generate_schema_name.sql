{#- Custom schemas are taken literally: the monitoring schema is `monitoring` whatever the target is called. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{- (custom_schema_name or target.schema) | trim -}}
{%- endmacro %}
