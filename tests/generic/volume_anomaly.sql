{#- As many rows in the newest closed bucket as the learned baseline allows; see zscore_anomaly for the outcomes. -#}
{% test volume_anomaly(model, timestamp_column=none, grain='day', time_zone=none, connection=none, asset=none) %}
    {{ config(fail_calc='coalesce(max(outcome), 0)', warn_if='>= 1', error_if='>= 2', severity='error') }}
    {{ lookout.compare_with_baseline(model, 'row_count', 'count(*)', timestamp_column, '', grain, time_zone, connection, asset) }}
{% endtest %}
