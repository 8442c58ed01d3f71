{{ config(indexes=[{'columns': ['connection', 'asset', 'subject', 'version_number'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
