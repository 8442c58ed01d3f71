{#- The rows that accepted_rows leaves out, with failed_rules and rejected_at, the clock of the run. -#}
{% macro rejected_rows(relation, where=none) -%}
    {{ lookout.checked_rows(relation, where, "rejected") }}
{%- endmacro %}
