{#- The settings of a relation under meta.lookout in the project's YAML; empty while dbt parses. -#}
{% macro watched_as(relation) %}
    {%- if execute and relation is not string -%}
        {%- for node in graph.nodes.values() | list + graph.sources.values() | list -%}
            {%- if node.schema == relation.schema and (node.identifier or node.alias) == relation.identifier -%}
                {{ return(node.config.get("meta", {}).get("lookout") or node.get("meta", {}).get("lookout") or {}) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return({}) }}
{% endmacro %}
