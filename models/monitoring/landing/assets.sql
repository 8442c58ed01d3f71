{{ config(indexes=[{'columns': ['node_id'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
