{{ config(indexes=[{'columns': ['run_id'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
