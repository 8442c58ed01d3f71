{{ config(indexes=[{'columns': ['pipeline_id', 'source_address_id', 'target_address_id'], 'unique': true}, {'columns': ['source_address_id']}, {'columns': ['target_address_id']}]) }}

{{ lookout.landing_table(model) }}
