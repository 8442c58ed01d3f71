{#-
    dbt run-operation drop_retired_relations
    Drops the tables and views that an earlier version of Lookout made under a name that no model has now. A model names
    them in its YAML, as `meta.retired_relations`. `lookout run` calls it after deriving, when one is left.

    Dependent relations are never dropped: when something still reads such a relation, the relation stays and the reader is
    named. A relation without the first column of the model does not belong to Lookout, and stays.
-#}
{% macro drop_retired_relations() %}
    {%- set owned, kept = [], [] -%}
    {%- for node in graph.nodes.values() if node.config.materialized != "ephemeral" -%}
        {%- do owned.append([node.schema, node.alias]) -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() if node.package_name == "lookout" -%}
        {%- for name in node.config.meta.get("retired_relations") or [] if [node.schema, name] not in owned -%}
            {%- set relation = adapter.get_relation(node.database, node.schema, name) -%}
            {%- set columns = adapter.get_columns_in_relation(relation) if relation is not none else [] -%}
            {%- if node.columns | first in columns | map(attribute="name") -%}
                {%- set readers = run_query(lookout._readers(relation)).columns[0].values() -%}
                {%- if readers -%}
                    {%- set successor = "alert_candidates" if node.config.materialized == "ephemeral" else node.alias -%}
                    {%- do kept.append(
                        node.schema ~ "." ~ name ~ " is no longer written, and " ~ readers | join(", ") ~ " reads it: use "
                        ~ successor ~ " there or drop the reader, and the next run drops " ~ name
                    ) -%}
                {%- else -%}
                    {% do run_query("begin; drop " ~ relation.type ~ " " ~ relation ~ "; commit;") %}
                    {% do log("drop_retired_relations: " ~ relation, info=true) %}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if kept -%}
        {{ exceptions.raise_compiler_error(kept | join("; ")) }}
    {%- endif -%}
{% endmacro %}

{#- Views, and whatever else PostgreSQL would have to drop together with a relation. -#}
{% macro _readers(relation) -%}
select distinct
    coalesce(
        cast(cast(rules.ev_class as regclass) as text),
        pg_describe_object(depends.classid, depends.objid, depends.objsubid)
    ) as reader
from pg_catalog.pg_depend as depends
left join pg_catalog.pg_rewrite as rules
    on depends.classid = cast('pg_catalog.pg_rewrite' as regclass) and depends.objid = rules.oid
where
    depends.refclassid = cast('pg_catalog.pg_class' as regclass)
    and depends.refobjid = cast('{{ relation | string | replace("'", "''") }}' as regclass)
    and depends.deptype = 'n'
    and rules.ev_class is distinct from depends.refobjid
order by reader
{%- endmacro %}
