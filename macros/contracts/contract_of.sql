{#-
    The contract of the source or model that a relation belongs to, as python_checks/lookout/contracts/spec/declared.py reads it:
    node, mode, severity, row_filter, timestamp_column and the settings themselves as `given`. Empty while dbt parses.
-#}
{% macro contract_of(relation) %}
    {%- if not execute %}{{ return({}) }}{% endif -%}
    {%- if "sources" not in graph -%}
        {{ exceptions.raise_compiler_error(
            "dbt shows no contracts to unit tests: test the models that read this one, or override lookout.checked_rows"
        ) }}
    {%- endif -%}
    {%- set sought = [relation.database, relation.schema, relation.identifier] -%}
    {%- set found = [] -%}
    {%- for node in graph.sources.values() | list + graph.nodes.values() | list
        if node.resource_type in ("source", "model", "seed", "snapshot")
        and [node.database, node.schema, node.identifier or node.alias] == sought -%}
        {%- set layers = [node.get("source_meta"), node.get("meta"), node.config.get("meta")] -%}
        {%- set settings, given = {}, {} -%}
        {%- for layer in layers if layer and layer.get("lookout") is mapping -%}
            {%- do settings.update(layer.lookout) -%}
            {%- set said = layer.lookout.get("contract") -%}
            {%- do given.update(said if said is mapping else {"mode": said} if said is string else {}) -%}
        {%- endfor -%}
        {%- set is_enforced = node.resource_type == "model" and (node.config.get("contract") or {}).get("enforced") -%}
        {%- set at = given.get("timestamp_column") or settings.get("timestamp_column") -%}
        {%- if settings.get("contract") or (is_enforced and "contract" not in settings) -%}
            {%- do found.append({
                "node": node,
                "given": given,
                "mode": given.get("mode") or "lenient",
                "severity": given.get("severity") or ("critical" if given.get("mode") == "strict" else "warning"),
                "row_filter": given.get("filter"),
                "loaded_at": lookout.as_name(node, at) if at else node.get("loaded_at_field") or node.config.get("loaded_at_field"),
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(lookout.usable_contract(found | first | default({}, true), relation)) }}
{% endmacro %}
