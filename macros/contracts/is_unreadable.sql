{#-
    Whether a text cannot be read as a family of types. The patterns are those of READABLE in
    python_checks/lookout/contracts/checks/values/fields.py; PostgreSQL 13 to 15 have no other way to ask.
-#}
{% macro is_unreadable(column, family) -%}
    {%- set day = "(?:(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
        ~ "|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])"
        ~ "|(?:0[48]|[2468][048]|[13579][26])00)-02-29)" -%}
    {%- set time = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?" -%}
    {%- set zone = "(?:Z|z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)?" -%}
    {%- set number = "^ *[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})? *$" -%}
    {%- set patterns = {
        "integer": "^ *[+-]?[0-9]+ *$",
        "number": number,
        "real": number,
        "float": number,
        "boolean": "^ *(?:[Tt](?:[Rr][Uu][Ee])?|[Ff](?:[Aa][Ll][Ss][Ee])?|[Yy](?:[Ee][Ss])?|[Nn][Oo]?|[Oo][Nn]|[Oo][Ff][Ff]|1|0) *$",
        "timestamp": "^" ~ day ~ "(?:[T ]" ~ time ~ zone ~ ")?$",
        "date": "^" ~ day ~ "$",
        "time": "^" ~ time ~ zone ~ "$",
        "uuid": "^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
    } -%}
    {{ column }} !~ '{{ patterns[family] }}'{{ " or length(" ~ column ~ ") > 1000" if family in ("integer", "number", "real", "float") }}
{%- endmacro %}
