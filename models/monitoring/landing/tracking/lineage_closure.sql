{{ config(indexes=[{'columns': ['source_address_id', 'target_address_id'], 'unique': true}, {'columns': ['target_address_id', 'depth']}]) }}

{{ lookout.landing_table(model) }}
