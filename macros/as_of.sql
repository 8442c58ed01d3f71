{#-
    The clock of the run as SQL text of type timestamptz: the var lookout_as_of, else the environment variable that
    `lookout` sets (a changed var would make dbt parse the whole project again), else the start of the invocation.
    A time without an offset is UTC, whatever the session's time zone is.
-#}
{% macro as_of() -%}
    {%- set given = (var("lookout_as_of", "") or env_var("LOOKOUT_AS_OF", "")) | string | trim -%}
    {%- set clock = given or run_started_at.isoformat() -%}
    {%- set has_offset = modules.re.search("([Zz]|[+-][0-9]{2}(:?[0-9]{2})?|UTC)$", clock[10:]) -%}
    cast('{{ clock | replace("'", "''") }}{{ "" if has_offset else " UTC" }}' as timestamptz)
{%- endmacro %}
