{{ config(indexes=[{'columns': ['name'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
