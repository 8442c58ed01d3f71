{{ config(indexes=[{'columns': ['violation_key', 'as_of'], 'unique': true}, {'columns': ['as_of']}]) }}

{{ lookout.landing_table(model) }}
