{#- The clock of the run as SQL text of type timestamptz, whatever the session's time zone is. -#}
{% macro as_of() -%}
    cast('{{ lookout.as_of_text() }}' as timestamptz)
{%- endmacro %}
