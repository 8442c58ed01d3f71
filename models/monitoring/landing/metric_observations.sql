{{ config(indexes=[{'columns': ['series_key', 'bucket_start'], 'unique': true}, {'columns': ['batch_number']}]) }}

{{ lookout.landing_table(model) }}
