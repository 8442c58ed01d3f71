{{ config(indexes=[{'columns': ['pipeline_id'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
