{{ config(indexes=[{'columns': ['address_id'], 'unique': true}, {'columns': ['name']}, {'columns': ['node_id']}]) }}

{{ lookout.landing_table(model) }}
