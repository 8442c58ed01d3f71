{#-
    Joins to each row, for every typed column, whether it holds a text that cannot be read as promised, and its value in
    the promised type. Whether a column holds texts is known only when the query runs.
-#}
{% macro typed_values(contract) -%}
    {%- set names = lookout.typed_columns(contract) -%}
    {%- if names %}
    cross join lateral (
        select
        {%- for name in names %}
            case
                when pg_typeof({{ lookout.as_name(contract.node, name) }}) in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
                    then {{ lookout.is_unreadable(lookout.as_name(contract.node, name) ~ "::text", lookout.promised_type(contract, name).family) }}
            end as lookout_unreadable_{{ loop.index }}{{ "," if not loop.last }}
        {%- endfor %}
    ) as lookout_texts
    cross join lateral (
        select
        {%- for name in names %}
            case
                when lookout_unreadable_{{ loop.index }} is not true
                    then cast({{ lookout.as_name(contract.node, name) }} as {{ lookout.promised_type(contract, name).type }})
            end as lookout_value_{{ loop.index }}{{ "," if not loop.last }}
        {%- endfor %}
    ) as lookout_values
    {%- endif -%}
{%- endmacro %}
