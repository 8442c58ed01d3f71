{#-
    The condition under which a row breaks a rule: the one that the guard counts by, in python_checks/lookout/contracts/checks/values/conditions.py.
    Rules that the guard cannot hold against such a column (a pattern for a number, for instance) reject nothing.
-#}
{% macro broken(contract, rule) -%}
    {%- set name, given = rule.columns | first | default("", true), rule.arguments -%}
    {%- set column, promised = lookout.as_name(contract.node, name), lookout.promised_type(contract, name) -%}
    {%- set family, typed = promised.family, lookout.typed_columns(contract) -%}
    {%- set number = typed.index(name) + 1 if name in typed else 0 -%}
    {%- set value = "lookout_value_" ~ number if number else column ~ "::text" if family == "text" else column -%}
    {%- set condition = "false" -%}
    {%- if rule.kind == "not_null" -%}
        {%- set condition = column ~ " is null" -%}
    {%- elif rule.kind == "expression" -%}
        {%- set condition = "(" ~ given.sql ~ "\n            ) is false" -%}
    {%- elif rule.kind == "type" -%}
        {%- set condition = "lookout_unreadable_" ~ number -%}
    {%- elif rule.kind == "accepted_values" -%}
        {#- As texts, the labels of an enum that do not exist are merely other values. -#}
        {%- set has_numbers = modules.re.search("(^|,)[-+.0-9]+(,|$)", given["values"] | join(",")) -%}
        {%- set compared = value ~ "::text" if family in ("", "other") and not has_numbers else value -%}
        {%- set condition = compared ~ " not in (" ~ lookout.as_literals(given["values"], promised) ~ ")" -%}
    {%- elif rule.kind == "range" -%}
        {%- set signs = ["<=", ">="] if given.strict else ["<", ">"] -%}
        {%- set condition = lookout.outside(value, given, signs, promised) -%}
    {%- elif rule.kind == "length" and family in ("", "text") -%}
        {%- set condition = lookout.outside("length(" ~ column ~ "::text)", given, ["<", ">"], {}) -%}
    {%- elif rule.kind == "pattern" and family in ("", "text", "uuid", "other") -%}
        {%- set readable = "lookout_unreadable_" ~ number ~ " is not true and " if number else "" -%}
        {%- set condition = readable ~ column ~ "::text !~ " ~ lookout.as_literal(lookout.posix_pattern(given.regex)) -%}
    {%- elif rule.kind == "precision" and family in ("real", "float") -%}
        {%- set condition = "case when abs(" ~ value ~ ") < 'Infinity' then min_scale(" ~ value ~ "::numeric) > " ~ given.digits ~ " end" -%}
    {%- elif rule.kind == "precision" and family in ("", "number", "integer") -%}
        {%- set condition = "min_scale(cast(" ~ value ~ " as numeric)) > " ~ given.digits -%}
    {%- endif -%}
    {{ "(" ~ rule.where ~ "\n            ) and " if rule.where }}{{ condition }}
{%- endmacro %}
