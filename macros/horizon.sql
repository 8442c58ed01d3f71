{#-
    The time up to which executions of pipelines count. A run of the present also judges its own dbt build, which ends
    minutes after its clock; a replay of the past sees nothing later than its clock.
-#}
{% macro horizon() -%}
    {%- if lookout.requested_as_of() and env_var("LOOKOUT_LIVE", "") != "1" -%}
        {{ lookout.as_of() }}
    {%- else -%}
        greatest({{ lookout.as_of() }}, cast('{{ run_started_at.isoformat() }}' as timestamptz))
    {%- endif -%}
{%- endmacro %}
