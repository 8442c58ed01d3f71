{#-
    Every row of a source or model under contract, with failed_rules: the names of the rules that it breaks, warnings
    included. `only` keeps the rows that are accepted or rejected: the critical rules of a strict contract decide.
    A row is passed on as one value, because its columns are not known here.
-#}
{% macro checked_rows(relation, where=none, only=none) -%}
    {%- set contract = lookout.compiled_contract(relation) -%}
    {%- set rules = contract.rules if not only or contract.mode == "strict" else [] -%}
    {%- set rules = rules | selectattr("severity", "equalto", "critical") | list if only else rules -%}
    {%- set keys = rules | selectattr("of", "equalto", "key") | list -%}
with lookout_received as (
    select * from {{ relation }}
    {{ "where " ~ where if where }}
),

lookout_judged as (
    select
        lookout_row,
        {%- for key in keys %}
        {{ key.sql }} as lookout_key_{{ loop.index }},
        {%- endfor %}
        {{ contract.loaded_at }} as lookout_loaded_at,
        {{ lookout.failed_rules(rules | rejectattr("of", "equalto", "key") | list, contract.row_filter) }} as failed_rules
    from lookout_received as lookout_row
    {{ contract.joins }}
)
{{- lookout.first_of_each_key(keys) }}

select
    (lookout_row).*
    {{- ", failed_rules" if only != "accepted" }}
    {{- ", " ~ lookout.as_of() ~ " as rejected_at" if only == "rejected" }}
from {{ "lookout_compared" if keys else "lookout_judged" }}
{{ "where failed_rules " ~ ("=" if only == "accepted" else "<>") ~ " '{}'" if only }}
{%- endmacro %}
