{#-
    Received ISO 8601 text as a timestamptz, null when it is not a valid date and time. A time without an
    offset is UTC. Written by hand because PostgreSQL 13 to 15 have no cast that returns null.
-#}
{% macro parse_timestamp(column) -%}
    {%- set date = "(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" -%}
    {%- set time = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?" -%}
    {%- set offset = "([Zz]|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)" -%}
    {%- set first_of_month = "make_date(cast(substr(" ~ column ~ ", 1, 4) as int), cast(substr(" ~ column ~ ", 6, 2) as int), 1)" -%}
    case
        when {{ column }} !~ '^{{ date }}[T ]{{ time }}{{ offset }}?$' then null
        -- 31 April and 29 February of a common year fall into the next month.
        when extract(month from {{ first_of_month }} + cast(substr({{ column }}, 9, 2) as int) - 1)
            <> cast(substr({{ column }}, 6, 2) as int) then null
        else cast({{ column }} || case when {{ column }} ~ '{{ offset }}$' then '' else 'Z' end as timestamptz)
    end
{%- endmacro %}
