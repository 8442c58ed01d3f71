{{ config(indexes=[{'columns': ['series_key'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
