{#- Checksum of all sources of the rules of a node, as python_checks/lookout/contracts/compile/checksum.py has it. -#}
{% macro contract_checksum(node) %}
    {%- set parts, tests = [], [] -%}
    {%- for part in [node] + node.columns.values() | list -%}
        {%- set own, settings, constraints = {}, [], [] -%}
        {%- do own.update(part.get("meta") or {}) -%}
        {%- do own.update((part.get("config") or {}).get("meta") or {}) -%}
        {%- for meta in (part.get("source_meta") or {}, own) -%}
            {%- set lookout_meta = meta.get("lookout") if meta.get("lookout") is mapping else {} -%}
            {%- do settings.append([lookout_meta.get("contract"), lookout_meta.get("timestamp_column"), lookout_meta.get("enabled")]) -%}
        {%- endfor -%}
        {%- for constraint in part.get("constraints") or [] if constraint.type != "foreign_key" -%}
            {%- do constraints.append([constraint.type, constraint.name, constraint.expression, constraint.get("columns") or []]) -%}
        {%- endfor -%}
        {%- set of_column = [] if loop.first else [part.name, part.data_type, part.quote is true] -%}
        {%- do parts.append([of_column, settings, constraints]) -%}
    {%- endfor -%}
    {%- set has_tests = node.resource_type == "source" or '"tests": true' in tojson(parts[0]) -%}
    {%- for test in graph.nodes.values() | sort(attribute="unique_id", case_sensitive=true)
        if has_tests and test.get("test_metadata") and node.unique_id in test.depends_on.nodes and test.attached_node in (none, node.unique_id) -%}
        {%- set config, is_graded = test.config, "severity" in (test.unrendered_config or {}) -%}
        {#- The arguments of a test are part of its id. -#}
        {%- do tests.append([test.unique_id, is_graded, config.severity, config.where, config.warn_if, config.error_if, config.fail_calc]) -%}
    {%- endfor -%}
    {%- set loaded_at = (node.get("loaded_at_field") or node.config.get("loaded_at_field") or "") | trim -%}
    {{ return(local_md5(tojson([parts, loaded_at, tests], sort_keys=true))) }}
{% endmacro %}
