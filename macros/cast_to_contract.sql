{#- The last select of a model under contract: every declared column of a CTE, cast to its declared type. -#}
{% macro cast_to_contract(model, cte) -%}
select
{%- for column in model.columns.values() %}
    cast({{ adapter.quote(column.name) }} as {{ column.data_type }}) as {{ adapter.quote(column.name) }}{{ "," if not loop.last }}
{%- endfor %}
from {{ cte }}
{%- endmacro %}
