{#- The generic tests of one node that hold for single rows: those that count failures, with dbt's own thresholds. -#}
{% macro tests_of(node) %}
    {%- set found = [] -%}
    {%- set call = "source\(\s*['\"]" ~ modules.re.escape(node.get("source_name") or "") ~ "['\"]\s*,\s*['\"]" ~ modules.re.escape(node.name) ~ "['\"]\s*\)" -%}
    {%- for test in graph.nodes.values() | sort(attribute="unique_id")
        if test.resource_type == "test" and test.test_metadata and node.unique_id in test.depends_on.nodes -%}
        {%- set is_attached = test.attached_node == node.unique_id -%}
        {%- set is_of_source = modules.re.search(call, test.test_metadata.kwargs.get("model") or "") -%}
        {%- set is_alone = not test.attached_node and test.depends_on.nodes | length == 1 -%}
        {%- set is_plain = test.config.warn_if in (none, "!= 0") and test.config.error_if in (none, "!= 0")
            and test.config.fail_calc in (none, "count(*)") -%}
        {%- if is_plain and (is_attached or is_alone or (node.resource_type == "source" and is_of_source)) -%}
            {%- do found.append(test) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
