{{ config(indexes=[{'columns': ['connection', 'asset', 'as_of'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
