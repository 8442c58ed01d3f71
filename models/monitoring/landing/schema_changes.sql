{{ config(indexes=[{'columns': ['connection', 'asset', 'subject', 'version_number', 'column_name', 'change_type', 'detail'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
