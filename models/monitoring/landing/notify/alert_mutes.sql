{{ config(indexes=[{'columns': ['mute_number'], 'unique': true}]) }}

{{ lookout.landing_table(model) }}
