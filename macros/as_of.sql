{#-
    The clock of the run as SQL text of type timestamptz: the var lookout_as_of, else the start of the dbt invocation.
    A time without an offset is UTC, whatever the session's time zone is.
-#}
{% macro as_of() -%}
    {%- set given = var("lookout_as_of", "") | string | trim -%}
    {%- set clock = given or run_started_at.isoformat() -%}
    {%- set has_offset = modules.re.search("([Zz]|[+-][0-9]{2}(:?[0-9]{2})?|UTC)$", clock[10:]) -%}
    cast('{{ clock | replace("'", "''") }}{{ "" if has_offset else " UTC" }}' as timestamptz)
{%- endmacro %}
