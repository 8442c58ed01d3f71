{{
    config(
        materialized='incremental',
        full_refresh=false,
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['received_at']}, {'columns': ['batch_id']}],
        post_hook="{{ lookout.append_only(this, 'test_id', 'received_at') }}",
    )
}}

{{ lookout.landing_table(model) }}
