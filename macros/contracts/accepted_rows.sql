{#- The rows of a source or model that keep its contract, as a query; `where` is a SQL condition of the rows to look at. -#}
{% macro accepted_rows(relation, where=none) -%}
    {{ lookout.checked_rows(relation, where, "accepted") }}
{%- endmacro %}
