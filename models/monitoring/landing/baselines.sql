{{ config(indexes=[{'columns': ['series_key', 'bucket_start'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
