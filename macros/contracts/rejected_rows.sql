{#-
    The rows that accepted_rows leaves out, with two columns more: failed_rules, the names of the rules that they break,
    and rejected_at, the clock of the run. No rows when the contract is lenient.
-#}
{% macro rejected_rows(relation, where=none) -%}
    {{ lookout.checked_rows(relation, where, "rejected") }}
{%- endmacro %}
