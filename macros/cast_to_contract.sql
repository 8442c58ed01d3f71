{#-
    The last select of a model: every declared column of a CTE, cast to its declared type, those in `absent` as nulls. To
    a unit test dbt shows no columns: it compares those of the CTE.
-#}
{% macro cast_to_contract(model, cte, absent=[]) -%}
select
{%- for column in model.columns.values() %}
    cast({{ "null" if column.name in absent else adapter.quote(column.name) }} as {{ column.data_type }}) as {{ adapter.quote(column.name) }}{{ "," if not loop.last }}
{%- else %} *
{%- endfor %}
from {{ cte }}
{%- endmacro %}
