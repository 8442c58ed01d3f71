{#-
    The rows of a source or model that keep its contract, with its own columns; all rows when the contract is lenient.
    The body of a model, or of a CTE. `where` is a SQL condition of the rows to look at, for tables that only grow.
-#}
{% macro accepted_rows(relation, where=none) -%}
    {{ lookout.checked_rows(relation, where, "accepted") }}
{%- endmacro %}
