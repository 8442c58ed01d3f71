{{ config(materialized='ephemeral') }}

with watched as (
    select * from {{ ref('lookout', 'asset_states') }}
),

-- Without Lookout's own tables and Elementary's, which need not be watched, described and tested.
assets as (
    select * from {{ ref('lookout', 'assets') }}
    where
        is_active
        and asset <> ''
        and not (node_id like 'model.lookout.%' and file_path like 'models/monitoring/%')
        and node_id not like 'model.elementary.%'
),

described as (
    select
        connection,
        asset,
        max(layer) as layer,
        max(owner) as owner,
        bool_or(has_description) as is_described,
        bool_or(test_count > 0) as is_tested
    from assets
    group by connection, asset
),

final as (
    select
        coalesce(watched.connection, described.connection) as connection,
        coalesce(watched.asset, described.asset) as asset,
        coalesce(watched.layer, described.layer) as layer,
        coalesce(nullif(watched.owner, ''), described.owner) as owner,
        coalesce(watched.baseline_count, 0) as baseline_count,
        watched.asset is not null as is_watched,
        watched.state,
        coalesce(described.is_described, false) as is_described,
        coalesce(described.is_tested, false) as is_tested,
        watched.evaluated_at
    from watched
    full join described on watched.connection = described.connection and watched.asset = described.asset
)

select * from final
