{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='freshness_key',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="select pg_advisory_xact_lock(hashtext('lookout freshness'), hashtext('{{ this.schema }}'))",
        indexes=[{'columns': ['freshness_key'], 'unique': true}, {'columns': ['pipeline_id', 'last_dml_timestamp']}],
    )
}}

with known as (
    {% if is_incremental() %}
    select * from {{ this }}
    {% else %}
    {{ lookout.landing_table(model) }}
    {% endif %}
),

stale as (
    select
        overdue_loads.*,
        coalesce(known.evaluation_timestamp, {{ lookout.as_of() }}) as evaluation_timestamp
    from {{ ref('lookout', 'overdue_loads') }} as overdue_loads
    left join known on overdue_loads.freshness_key = known.freshness_key
    -- A replay of the past does not change what a later run has stored.
    where known.freshness_key is null or known.ended_at <= {{ lookout.as_of() }}
),

ended as (
    select known.*
    from known
    left join {{ ref('lookout', 'overdue_loads') }} as overdue_loads on known.freshness_key = overdue_loads.freshness_key
    where
        known.is_current
        and overdue_loads.freshness_key is null
        and known.evaluation_timestamp <= {{ lookout.as_of() }}
),

final as (
    select
        freshness_key, pipeline_id, name, pipeline_type, owner, last_dml_timestamp, stale_since, evaluation_timestamp,
        freshness_number, freshness_datepart, used_child_config,
        true as is_current,
        null as ended_at,
        due_at as created_at
    from stale

    union all

    select
        freshness_key, pipeline_id, name, pipeline_type, owner, last_dml_timestamp, stale_since, evaluation_timestamp,
        freshness_number, freshness_datepart, used_child_config,
        false as is_current,
        {{ lookout.as_of() }} as ended_at,
        created_at
    from ended
)

{{ lookout.cast_to_contract(model, 'final') }}
