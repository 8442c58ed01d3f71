{#-
    dbt run-operation reset_resiliency
    Empties every table that holds resiliency tests or is made from them, and keeps the dimensions. The one way to empty
    the append-only raw table.
-#}
{% macro reset_resiliency() %}
    {%- set existing = [] -%}
    {%- for node in lookout.made_from("model.lookout.raw_resiliency_tests") -%}
        {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- if relation is not none and relation.is_table %}{% do existing.append(relation | string) %}{% endif -%}
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

{#- Returns a model and Lookout's models that are made from it: the graph knows them all, a list forgets. -#}
{% macro made_from(id) %}
    {%- set found = [id] -%}
    {%- set models = graph.nodes.values() | selectattr("package_name", "equalto", "lookout")
        | selectattr("resource_type", "equalto", "model") | list -%}
    {%- for _ in models -%}
        {%- for node in models if node.unique_id not in found and node.depends_on.nodes | select("in", found) | list -%}
            {% do found.append(node.unique_id) %}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(models | selectattr("unique_id", "in", found) | list) }}
{% endmacro %}
