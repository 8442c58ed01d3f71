{#-
    Whether a bucket out of bounds is reported. A pipeline that did not run at all is reported once, by its number of
    executions, and not again by their duration and their number of rows.
-#}
{% macro is_reported(baselines, monitors) -%}
    (
        {{ baselines }}.observed_value is not null
        or {{ monitors }}.metric = 'executions'
        or not {{ lookout.is_of_pipeline(monitors) }}
    )
{%- endmacro %}
