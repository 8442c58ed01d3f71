{{
    config(indexes=[
        {'columns': ['alert_key', 'target', 'step'], 'unique': true},
        {'columns': ['status', 'not_before']},
    ])
}}

{{ lookout.landing_table(model) }}
