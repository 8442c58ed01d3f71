{#- Rules of meta.lookout.contract of one column, and its type, which a column of texts may not keep. -#}
{% macro column_rules(book, contract, column) %}
    {%- set layers, given = [column.get("meta") or {}, (column.get("config") or {}).get("meta") or {}], {} -%}
    {%- for layer in layers if layer.get("lookout") -%}
        {%- do given.update(layer.lookout.get("contract") or {}) -%}
    {%- endfor -%}
    {%- if column.name in lookout.typed_columns(contract) -%}
        {%- do lookout.promise(
            book, contract, "type", [column.name], {"data_type": column.data_type}, severity="critical"
        ) -%}
    {%- endif -%}
    {%- set drafts = [] -%}
    {%- if given.get("nullable") is false %}{% do drafts.append(["not_null", {}]) %}{% endif -%}
    {%- if given.get("unique") %}{% do drafts.append(["unique", {}]) %}{% endif -%}
    {%- if given.get("min") is not none or given.get("max") is not none -%}
        {%- set limits = {"min": given.get("min"), "max": given.get("max"), "strict": given.get("strict") or false} -%}
        {%- do drafts.append(["range", limits]) -%}
    {%- endif -%}
    {%- if given.get("min_length") is not none or given.get("max_length") is not none -%}
        {%- do drafts.append(["length", {"min": given.get("min_length"), "max": given.get("max_length")}]) -%}
    {%- endif -%}
    {%- if given.get("accepted_values") -%}
        {%- do drafts.append(["accepted_values", {"values": given.accepted_values, "quote": true}]) -%}
    {%- endif -%}
    {%- if given.get("pattern") %}{% do drafts.append(["pattern", {"regex": given.pattern}]) %}{% endif -%}
    {%- if given.get("precision") is not none %}{% do drafts.append(["precision", {"digits": given.precision}]) %}{% endif -%}
    {%- for kind, arguments in drafts -%}
        {%- do lookout.promise(
            book, contract, kind, [column.name], arguments, severity=given.get("severity"), where=given.get("where")
        ) -%}
    {%- endfor -%}
{% endmacro %}
