{{ config(indexes=[{'columns': ['connection', 'asset'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
