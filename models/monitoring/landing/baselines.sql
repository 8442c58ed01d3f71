{#- By status and severity: the few buckets that are left out or remarkable are found without reading the others. -#}
{{ config(indexes=[{'columns': ['series_key', 'bucket_start'], 'unique': true}, {'columns': ['status', 'severity']}]) }}

{{ lookout.landing_table(model) }}
