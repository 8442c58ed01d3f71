{#-
    Received text as a bigint, null when it is not a whole number of at most max_digits digits. A trailing `.0` is
    accepted: software that has missing values in a column of whole numbers writes them that way.
-#}
{% macro parse_whole_number(column, max_digits) -%}
    case
        when {{ column }} ~ '^[+-]?[0-9]{1,{{ max_digits }}}([.]0*)?$' then cast(cast({{ column }} as numeric) as bigint)
    end
{%- endmacro %}
