{#-
    The requested clock, as it was written: the var lookout_as_of, else the environment variable that `lookout`
    sets (a changed var would make dbt parse the whole project again); empty when there is neither.

    While dbt parses, neither is read: dbt notes which files read a variable, and would parse those again at each run.
-#}
{% macro requested_as_of() -%}
    {{- return((var("lookout_as_of", "") or env_var("LOOKOUT_AS_OF", "") if execute else "") | string | trim) -}}
{%- endmacro %}
