{#- Kind, columns and arguments of the rules that one generic test stands for; none when its meaning is not plain. -#}
{% macro test_drafts(test) %}
    {%- set given, drafts = test.test_metadata.kwargs, [] -%}
    {%- set column = [(given.get("column_name") or "") | trim('"')] -%}
    {%- set namespace = test.test_metadata.namespace -%}
    {%- set known = (namespace ~ "." if namespace else "") ~ test.test_metadata.name -%}
    {%- if known in ("not_null", "dbt_expectations.expect_column_values_to_not_be_null") -%}
        {%- do drafts.append(["not_null", column, {}]) -%}
    {%- elif known in ("unique", "dbt_expectations.expect_column_values_to_be_unique") -%}
        {%- do drafts.append(["unique", column, {}]) -%}
    {%- elif known == "accepted_values" -%}
        {%- set values = {"values": given["values"], "quote": given.get("quote") is not false} -%}
        {%- do drafts.append(["accepted_values", column, values]) -%}
    {%- elif known == "dbt_expectations.expect_column_values_to_be_in_set" -%}
        {%- set values = {"values": given.value_set, "quote": given.get("quote_values") is not false} -%}
        {%- do drafts.extend([["accepted_values", column, values], ["not_null", column, {}]]) -%}
    {%- elif known == "dbt_utils.unique_combination_of_columns" -%}
        {%- do drafts.append(["unique", given.combination_of_columns | map("trim", '"') | list, {}]) -%}
    {%- elif known == "dbt_utils.expression_is_true" -%}
        {%- set sql = (given.column_name ~ " " if given.get("column_name") else "") ~ given.expression -%}
        {%- do drafts.append(["expression", column if given.get("column_name") else [], {"sql": sql}]) -%}
    {%- elif known in ("dbt_utils.accepted_range", "dbt_expectations.expect_column_values_to_be_between") -%}
        {%- do drafts.extend(lookout.range_drafts(given, column)) -%}
    {%- elif known == "dbt_expectations.expect_column_value_lengths_to_be_between" -%}
        {%- set step, low, high = (1 if given.get("strictly") else 0), given.get("min_value"), given.get("max_value") -%}
        {%- set limits = {"min": low + step if low is number else none, "max": high - step if high is number else none} -%}
        {%- do drafts.append(["length", column, limits]) -%}
    {%- elif known == "dbt_expectations.expect_column_values_to_match_regex" and not given.get("flags") -%}
        {%- do drafts.append(["pattern", column, {"regex": given.regex}]) -%}
    {%- endif -%}
    {{ return(drafts) }}
{% endmacro %}
