{{ config(indexes=[{'columns': ['pipeline_id', 'execution_id'], 'unique': true}, {'columns': ['pipeline_id', 'advanced_at']}]) }}

{{ lookout.landing_table(model) }}
