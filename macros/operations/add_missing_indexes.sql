{#-
    dbt run-operation add_missing_indexes
    dbt makes the indexes of a table when it makes the table, and landing tables are made once. This operation makes
    the indexes that a newer version of Lookout has added. `lookout run` calls it when one is missing.
-#}
{% macro add_missing_indexes() %}
    {%- for node in graph.nodes.values() if "lookout_landing" in node.tags and node.package_name == "lookout" -%}
        {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- set found = [] -%}
        {%- if relation is not none -%}
            {%- for row in run_query(lookout._indexed_columns(relation)) -%}{% do found.append(row[0]) %}{%- endfor -%}
        {%- endif -%}
        {%- for index in node.config.get("indexes") or [] if relation is not none and index.columns | join(",") not in found -%}
            {% do run_query("begin; " ~ get_create_index_sql(relation, index) ~ "; commit;") %}
            {% do log("add_missing_indexes: " ~ relation ~ " by " ~ index.columns | join(", "), info=true) %}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{% macro _indexed_columns(relation) -%}
select string_agg(attributes.attname, ',' order by keys.place)
from pg_catalog.pg_index as indexes
cross join lateral unnest(cast(indexes.indkey as smallint[])) with ordinality as keys (attnum, place)
inner join pg_catalog.pg_attribute as attributes
    on indexes.indrelid = attributes.attrelid and keys.attnum = attributes.attnum
where indexes.indrelid = cast('{{ relation | string | replace("'", "''") }}' as regclass) and indexes.indisvalid
group by indexes.indexrelid
{%- endmacro %}
