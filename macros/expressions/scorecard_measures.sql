{#- What the scorecard counts, in the order of its columns. -#}
{% macro scorecard_measures() -%}
    {{ return([
        'baseline_count', 'critical_alerts', 'warning_alerts', 'volume_alerts', 'freshness_alerts', 'metric_alerts',
        'contract_alerts', 'test_alerts', 'pipeline_alerts', 'source_alerts', 'unevaluated_assets', 'learning_assets', 'asset_count',
        'monitored_count', 'described_count', 'tested_count', 'tests_passed', 'tests_failed',
        'contract_count', 'unevaluated_contracts',
    ]) }}
{%- endmacro %}
