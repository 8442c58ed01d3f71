{#- The rule of a range test. A limit that is a text is SQL: another column, or a date. -#}
{% macro range_drafts(given, column) %}
    {%- set is_strict = given.get("inclusive") is false or given.get("strictly") is true -%}
    {%- set low, high, sql = given.get("min_value"), given.get("max_value"), [] -%}
    {%- for sign, limit in ((">", low), ("<", high)) if limit is not none -%}
        {%- do sql.append(given.column_name ~ " " ~ sign ~ ("" if is_strict else "=") ~ " " ~ limit) -%}
    {%- endfor -%}
    {%- if low is string or high is string -%}
        {{ return([["expression", column, {"sql": sql | join(" and ")}]]) }}
    {%- endif -%}
    {{ return([["range", column, {"min": low, "max": high, "strict": is_strict}]] if sql else []) }}
{% endmacro %}
