{{ config(indexes=[{'columns': ['pipeline_id', 'metric_field'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
