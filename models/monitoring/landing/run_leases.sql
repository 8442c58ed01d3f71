{{ config(indexes=[{'columns': ['lease_name'], 'unique': true}, {'columns': ['run_id'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
