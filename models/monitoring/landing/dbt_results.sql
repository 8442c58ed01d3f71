{{ config(indexes=[{'columns': ['invocation_id', 'node_id'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
