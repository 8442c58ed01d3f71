{#- A regular expression in which a hyphen after a range stands for itself, as elsewhere; PostgreSQL wants that marked. -#}
{% macro posix_pattern(regex) -%}
    {{ modules.re.sub("(\w-\w|\\\\[dsw])-(?=[^\]])", "\\1\\-", regex) }}
{%- endmacro %}
