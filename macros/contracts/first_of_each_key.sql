{#-
    Adds the unique rules: of the rows with the same key the first stays, later ones break the rule. First are rows that
    break no other rule, then the earliest; ties are ordered by the text of the row, so that the accepted and the
    rejected rows of one build agree. The order is computed only for keys that occur twice.
-#}
{% macro first_of_each_key(keys) -%}
{%- if keys -%}
,

lookout_counted as (
    select
        *
        {%- for key in keys %},
        lookout_key_{{ loop.index }} is not null and count(*) over (partition by lookout_key_{{ loop.index }}) > 1
            as lookout_is_repeated_{{ loop.index }}
        {%- endfor %}
    from lookout_judged
),

lookout_compared as (
    select
        lookout_row,
        failed_rules || array_remove(array[
            {%- for key in keys %}
            case when lookout_is_repeated_{{ loop.index }} and row_number() over (
                partition by lookout_key_{{ loop.index }}
                order by failed_rules <> '{}', lookout_loaded_at, case when lookout_is_repeated_{{ loop.index }} then lookout_row::text end
            ) > 1 then {{ key.name }} end{{ "," if not loop.last }}
            {%- endfor %}
        ], null) as failed_rules
    from lookout_counted
)
{%- endif -%}
{%- endmacro %}
