{{ config(indexes=[{'columns': ['alert_key', 'dimension'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
