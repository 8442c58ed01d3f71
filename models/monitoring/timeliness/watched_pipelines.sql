{{ config(materialized='view') }}

with pipelines as (
    select * from {{ ref('lookout', 'pipelines') }}
    where active
),

pipeline_types as (
    select * from {{ ref('lookout', 'pipeline_types') }}
),

assets as (
    select * from {{ ref('lookout', 'assets') }}
),

limited as (
    select
        pipelines.*,
        {%- for check in ('freshness', 'timeliness') %}
        -- A number without a datepart makes no limit, and the other way round.
        {%- for setter, table in [('own', 'pipelines'), ('type', 'pipeline_types')] %}
        coalesce(
            {{ table }}.{{ check }}_number > 0
            and {{ table }}.{{ check }}_datepart in ('minute', 'hour', 'day', 'week', 'month', 'year'), false
        ) as has_{{ setter }}_{{ check }},
        {%- endfor %}
        pipeline_types.{{ check }}_number as type_{{ check }}_number,
        pipeline_types.{{ check }}_datepart as type_{{ check }}_datepart,
        pipelines.mute_{{ check }}_check or coalesce(pipeline_types.mute_{{ check }}_check, false) as is_{{ check }}_muted,
        {%- endfor %}
        coalesce(assets.connection, '') as connection,
        coalesce(nullif(assets.asset, ''), pipelines.name) as asset,
        coalesce(assets.layer, 'pipeline') as layer,
        coalesce(nullif(pipelines.owner, ''), assets.owner, '') as asset_owner
    from pipelines
    left join pipeline_types on pipelines.pipeline_type = pipeline_types.name
    left join assets on nullif(pipelines.node_id, '') = assets.node_id
    -- Nodes that the project no longer has are not expected to run.
    where coalesce(assets.is_active, true)
),

final as (
    select
        pipeline_id,
        name,
        pipeline_type,
        coalesce(node_id, '') as node_id,
        connection,
        asset,
        layer,
        asset_owner as owner,
        coalesce(node_id, '') ~ '^(test|unit_test|source)\.' or pipeline_type in ('dbt test', 'dbt unit_test', 'dbt source')
            as is_dbt_check,
        {%- for check in ('freshness', 'timeliness') %}
        {%- for part in ('number', 'datepart') %}
        case
            when has_own_{{ check }} then {{ check }}_{{ part }}
            when has_type_{{ check }} then type_{{ check }}_{{ part }}
        end as {{ check }}_{{ part }},
        {%- endfor %}
        has_own_{{ check }} as has_own_{{ check }}_limit,
        is_{{ check }}_muted,
        {%- endfor %}
        last_target_insert,
        last_target_update,
        last_target_soft_delete,
        created_at
    from limited
)

select * from final
