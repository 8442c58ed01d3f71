{#-
    Until when executions of pipelines count. A run that `lookout` makes now judges, minutes after its clock, what its
    own dbt build did meanwhile; a replay of the past sees nothing later than its clock.
-#}
{% macro horizon() -%}
    {%- if lookout.requested_as_of() and env_var("LOOKOUT_LIVE", "") != "1" -%}
        {{ lookout.as_of() }}
    {%- else -%}
        greatest({{ lookout.as_of() }}, cast('{{ run_started_at.isoformat() }}' as timestamptz))
    {%- endif -%}
{%- endmacro %}
