{#- The contract that `lookout contracts compile` wrote for a relation; an error when it is missing or out of date. -#}
{% macro compiled_contract(relation) %}
    {%- if not execute %}{{ return({"rules": []}) }}{% endif -%}
    {%- set compiled, found = {}, [] -%}
    {%- for package in ((model or {}).package_name, project_name) if "lookout_contracts" in (context.get(package) or {}) -%}
        {%- do compiled.update(context[package].lookout_contracts()) -%}
    {%- endfor -%}
    {%- for node in (graph.get("sources") or {}).values() | list + (graph.get("nodes") or {}).values() | list
        if node.resource_type in ("source", "model", "seed", "snapshot")
        and [node.database, node.schema, node.identifier or node.alias] == [relation.database, relation.schema, relation.identifier] -%}
        {%- set settings, contract = {"contract": (node.config.get("contract") or {}).get("enforced") or false}, {} -%}
        {%- for meta in (node.get("source_meta"), node.get("meta"), node.config.get("meta")) if (meta or {}).get("lookout") is mapping -%}
            {%- do settings.update(meta.lookout) -%}
            {%- do contract.update(settings.contract if settings.contract is mapping else {"mode": settings.contract}) -%}
        {%- endfor -%}
        {%- if settings.contract is not false and settings.enabled is not false -%}{% do found.append([node, contract]) %}{%- endif -%}
    {%- endfor -%}
    {%- set node, contract = found | selectattr("0.unique_id", "in", compiled) | first or found | first or [{}, {}] -%}
    {%- set entry, table = compiled.get(node.unique_id), relation.schema ~ "." ~ relation.identifier -%}
    {%- set problem -%}
        {%- if "sources" not in graph -%}
            dbt shows no contracts to unit tests: test the models that read this one, or override lookout.checked_rows
        {%- elif not node -%}
            no source or model with a contract has the table {{ table }}: set meta.lookout.contract where it is declared, to strict or lenient
        {%- elif contract.get("mode", true) not in (true, "strict", "lenient") -%}
            contract of {{ table }}: mode is '{{ contract.mode }}'; use strict or lenient
        {%- elif contract.payload -%}
            contract of {{ table }} is about the fields inside {{ contract.payload }}, and rows are accepted by columns only: select the fields as columns in a model, promise these there, and accept that model's rows
        {%- elif not entry -%}
            contract of {{ table }} is not compiled: run `lookout contracts compile`
        {%- elif entry.checksum != lookout.contract_checksum(node) -%}
            contract of {{ table }} has changed since it was compiled: run `lookout contracts compile`
        {%- endif -%}
    {%- endset -%}
    {{ exceptions.raise_compiler_error(problem) if problem else return(entry) }}
{% endmacro %}
