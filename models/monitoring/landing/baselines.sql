{#- The index on status finds the few buckets that are left out, so that a changed calendar costs no scan. -#}
{{ config(indexes=[{'columns': ['series_key', 'bucket_start'], 'unique': true}, {'columns': ['status']}]) }}

{{ lookout.landing_table(model) }}
