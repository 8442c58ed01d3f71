{#-
    The clock of the run as text, such as 2026-01-31 06:00:00+00:00, which PostgreSQL and Python both read: the clock that
    was requested, else the start of the invocation. A time without an offset is UTC, a day is its midnight.
-#}
{% macro as_of_text() -%}
    {%- set requested = lookout.requested_as_of() -%}
    {%- set form = "^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.](\d{1,6})\d*)?)? ?(?:Z|z|UTC|([+-]\d{2}):?(\d{2})?)?$" -%}
    {%- set parts = modules.re.match(form, requested or run_started_at.isoformat()) -%}
    {%- if not parts -%}
        {{ exceptions.raise_compiler_error("lookout_as_of '" ~ requested ~ "' is not a time: write it like 2026-01-31T06:00:00Z") }}
    {%- endif -%}
    {%- set fraction = "." ~ ("%-6s" | format(parts[3]) | replace(" ", "0")) if parts[3] else "" -%}
    {%- set offset = parts[4] ~ ":" ~ (parts[5] or "00") if parts[4] else "+00:00" -%}
    {{- return(parts[1] ~ " " ~ ((parts[2] or "00:00") ~ ":00")[:8] ~ fraction ~ offset) -}}
{%- endmacro %}
