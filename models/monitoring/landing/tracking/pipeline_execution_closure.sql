{{ config(indexes=[{'columns': ['parent_execution_id', 'child_execution_id'], 'unique': true}, {'columns': ['child_execution_id', 'depth']}]) }}

{{ lookout.landing_table(model) }}
