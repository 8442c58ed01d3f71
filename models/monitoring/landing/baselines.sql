{#- By status and severity: finds the few excluded or anomalous buckets without reading the others. -#}
{{ config(indexes=[{'columns': ['series_key', 'bucket_start'], 'unique': true}, {'columns': ['status', 'severity']}]) }}

{{ lookout.landing_table(model) }}
