{#-
    Every row of a source or model under contract, with failed_rules: the names of the rules that it breaks, warnings
    included. `only` keeps the rows that are accepted or rejected: the critical rules of a strict contract decide.
    A row travels as one value, because its columns are not known here.
-#}
{% macro checked_rows(relation, where=none, only=none) -%}
    {%- set contract = lookout.contract_of(relation) -%}
    {%- set rules = lookout.deciding_rules(contract, only) -%}
    {%- set keys = rules | selectattr("kind", "equalto", "unique") | list -%}
with lookout_received as (
    select * from {{ relation }}
    {%- if where %}
    where {{ where }}
    {%- endif %}
),

lookout_judged as (
    select
        lookout_row,
        {%- for key in keys %}
        {{ lookout.key_of(contract, key) }} as lookout_key_{{ loop.index }},
        {%- endfor %}
        {{ contract.loaded_at or "null" }} as lookout_loaded_at,
        {{ lookout.failed_rules(contract, rules | rejectattr("kind", "equalto", "unique") | list) }} as failed_rules
    from lookout_received as lookout_row
    {{- lookout.typed_values(contract) }}
)
{%- if keys %},

{{ lookout.without_copies(keys) }}
{%- endif %}

select
    (lookout_row).*
    {%- if only != "accepted" %},
    failed_rules
    {%- endif %}
    {%- if only == "rejected" %},
    {{ lookout.as_of() }} as rejected_at
    {%- endif %}
from {{ "lookout_compared" if keys else "lookout_judged" }}
{%- if only %}
where failed_rules {{ "=" if only == "accepted" else "<>" }} '{}'
{%- endif %}
{%- endmacro %}
