{{ config(indexes=[{'columns': ['execution_id', 'metric_field'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
