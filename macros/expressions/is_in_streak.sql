{#-
    Whether a result is part of the current streak of its kind: the streak began at the first result after the last one
    of another kind, and at the first of all when there was none of another kind.
-#}
{% macro is_in_streak(result_at, last_other_at) -%}
    {{ result_at }} > coalesce({{ last_other_at }}, '-infinity')
{%- endmacro %}
