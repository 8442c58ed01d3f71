{#- Whether a value is outside the limits of a rule, either of which may be missing. -#}
{% macro outside(value, given, signs, promised) -%}
    {%- set cast = "::" ~ promised.type if promised.get("family") in ("real", "float") else "" -%}
    {%- set sides = [] -%}
    {%- for limit, sign in ((given.min, signs[0]), (given.max, signs[1])) if limit is not none -%}
        {%- do sides.append(value ~ " " ~ sign ~ " " ~ (limit ~ cast if limit is number else lookout.as_literal(limit))) -%}
    {%- endfor -%}
    ({{ sides | join(" or ") }})
{%- endmacro %}
