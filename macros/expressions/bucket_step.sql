{#- Width of a bucket as an interval. -#}
{% macro bucket_step(grain) -%}
    case {{ grain }} when 'hour' then interval '1 hour' else interval '1 day' end
{%- endmacro %}
