{{ config(indexes=[{'columns': ['feedback_number'], 'unique': true}, {'columns': ['alert_key']}]) }}

{{ lookout.landing_table(model) }}
