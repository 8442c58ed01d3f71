{#-
    dbt run-operation reset_resiliency
    Empties the resiliency tests in every layer and keeps the dimensions. The one way to empty the append-only raw table.
-#}
{% macro reset_resiliency() %}
    {%- set names = ["raw_resiliency_tests", "stg_resiliency_tests", "fact_resiliency_metrics"] -%}
    {%- set existing = [] -%}
    {%- for name in names -%}
        {%- set expected = ref(name) -%}
        {%- set relation = adapter.get_relation(expected.database, expected.schema, expected.identifier) -%}
        {%- if relation is not none %}{% do existing.append(relation | string) %}{% endif -%}
    {%- endfor -%}
    {%- if not existing %}
        {% do log("reset_resiliency: nothing to empty, the tables are not built yet; run dbt build first.", info=true) %}
    {%- elif execute %}
        {% do run_query(
            "begin; set local lookout.allow_truncate = 'on'; truncate table " ~ existing | join(", ")
            ~ " restart identity; commit;"
        ) %}
        {% do log("reset_resiliency: emptied " ~ existing | join(", ") ~ "; dimensions kept.", info=true) %}
    {%- endif %}
{% endmacro %}
