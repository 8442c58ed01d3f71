{#- Whether a series of `monitors` is about the executions of a pipeline and not about a table. -#}
{% macro is_of_pipeline(monitors) -%}
    ({{ monitors }}.connection = 'pipelines' and {{ monitors }}.layer = 'pipeline')
{%- endmacro %}
