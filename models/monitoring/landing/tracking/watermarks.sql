{{ config(indexes=[{'columns': ['pipeline_id', 'execution_id'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
