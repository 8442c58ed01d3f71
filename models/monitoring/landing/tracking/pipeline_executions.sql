{{ config(indexes=[{'columns': ['execution_id'], 'unique': true}, {'columns': ['pipeline_id', 'start_date']}, {'columns': ['parent_id']}, {'columns': ['start_date']}]) }}

{{ lookout.landing_table(model) }}
