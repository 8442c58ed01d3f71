{#-
    The newest closed bucket of a metric, measured on the relation as it has just been built, against the bounds that
    Lookout learned. Outside the critical bounds fails, outside the warning bounds warns, and so does a metric that
    cannot be judged: nothing learned yet, or too little history.
-#}
{% test zscore_anomaly(model, metric, timestamp_column=none, measured_column=none, column_name=none, expression=none, grain='day', time_zone=none, connection=none, asset=none) %}
    {{ config(fail_calc='coalesce(max(outcome), 0)', warn_if='>= 1', error_if='>= 2', severity='error') }}
    {%- set column = measured_column or column_name or '' -%}
    {{ lookout.compare_with_baseline(
        model, metric, expression or lookout.metric_expression(metric, column),
        timestamp_column=timestamp_column, column_name=column, grain=grain, time_zone=time_zone, connection=connection, asset=asset
    ) }}
{% endtest %}
