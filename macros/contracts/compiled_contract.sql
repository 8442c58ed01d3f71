{#- What `lookout contracts compile` wrote for the table of a relation; a sentence where there is nothing, or it is old. -#}
{% macro compiled_contract(relation) %}
    {%- set compiled, found, sought = {}, [], [relation.database, relation.schema, relation.identifier] -%}
    {%- set table = "contract of " ~ relation.schema ~ "." ~ relation.identifier -%}
    {%- if not execute %}{{ return({"rules": []}) }}{% endif -%}
    {%- for package in (model.package_name, project_name) if "lookout_contracts" in (context.get(package) or {}) -%}
        {%- do compiled.update(context[package].lookout_contracts()) -%}
    {%- endfor -%}
    {%- for node in (graph.get("sources") or {}).values() | list + graph.nodes.values() | list
        if node.resource_type in ("source", "model", "seed", "snapshot")
        and [node.database, node.schema, node.identifier or node.alias] == sought -%}
        {%- set settings = {"contract": (node.config.get("contract") or {}).get("enforced") or false} -%}
        {%- for meta in (node.get("source_meta"), node.get("meta"), node.config.get("meta")) if (meta or {}).get("lookout") is mapping -%}
            {%- do settings.update(meta.lookout) -%}
        {%- endfor -%}
        {%- if settings.contract is not false and settings.enabled is not false -%}
            {%- do found.append([node, settings.contract if settings.contract is mapping else {"mode": settings.contract}]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set node, settings = found | selectattr("0.unique_id", "in", compiled) | first or found | first or [{}, {}] -%}
    {%- set entry = compiled.get(node.unique_id) or {} -%}
    {%- set problem = "dbt shows no contracts to unit tests: test the models that read this one, or override lookout.checked_rows"
        if "sources" not in graph
        else "no source or model with a contract has the table " ~ table[12:] ~ ": set meta.lookout.contract where it is declared,"
            ~ " to strict or lenient" if not found
        else table ~ ": mode is '" ~ settings.mode ~ "'; use strict or lenient" if settings.get("mode", true) not in (true, "strict", "lenient")
        else table ~ " is about the fields inside " ~ settings.payload ~ ", and rows are accepted by columns only: select the fields as"
            ~ " columns in a model, promise these there, and accept that model's rows" if settings.payload
        else table ~ " is not compiled: run `lookout contracts compile`" if not entry
        else table ~ " has changed since it was compiled: run `lookout contracts compile`"
            if entry.checksum != lookout.contract_checksum(node) -%}
    {{ exceptions.raise_compiler_error(problem) if problem else return(entry) }}
{% endmacro %}
