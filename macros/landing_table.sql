{#- The empty, typed select of a landing table, written from the columns declared in its YAML. -#}
{% macro landing_table(model) -%}
select
{%- for column in model.columns.values() %}
    cast(null as {{ column.data_type }}) as {{ adapter.quote(column.name) }}{{ "," if not loop.last }}
{%- endfor %}
where false
{%- endmacro %}
