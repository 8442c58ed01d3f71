{#-
    Whether what stands out in a bucket is told. A pipeline that did not run at all is missed once, by its number of
    executions, and not again by how long they took and how many rows they moved.
-#}
{% macro is_told(baselines, monitors) -%}
    (
        {{ baselines }}.observed_value is not null
        or {{ monitors }}.metric = 'executions'
        or not {{ lookout.is_of_pipeline(monitors) }}
    )
{%- endmacro %}
