{{ config(indexes=[{'columns': ['connection', 'asset', 'grain', 'bucket_start'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
