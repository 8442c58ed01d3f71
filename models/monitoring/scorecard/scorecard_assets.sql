{{ config(materialized='ephemeral') }}

with monitors as (
    select monitors.* from {{ ref('lookout', 'monitors') }} as monitors
    where monitors.is_active and not {{ lookout.is_of_pipeline('monitors') }}
),

baselines as (
    select * from {{ ref('lookout', 'baselines') }}
    where status = 'judged' and bucket_start < {{ lookout.as_of() }}
),

asset_status as (
    select
        *,
        status in ('ok', 'empty') as is_evaluated
    from {{ ref('lookout', 'asset_status') }}
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

-- One index lookup for each series; the baselines themselves may be millions of rows.
watched_series as (
    select
        monitors.*,
        newest.bucket_start is not null as has_baseline
    from monitors
    left join lateral (
        select baselines.bucket_start from baselines
        where baselines.series_key = monitors.series_key
        order by baselines.bucket_start desc
        limit 1
    ) as newest on true
),

watched as (
    select
        connection,
        asset,
        max(layer) as layer,
        max(owner) as owner,
        count(*) filter (where has_baseline) as baseline_count
    from watched_series
    group by connection, asset
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
        watched.asset is not null and asset_status.is_evaluated is not true as is_unevaluated,
        coalesce(described.is_described, false) as is_described,
        coalesce(described.is_tested, false) as is_tested,
        asset_status.evaluated_at
    from watched
    full join described on watched.connection = described.connection and watched.asset = described.asset
    left join asset_status on watched.connection = asset_status.connection and watched.asset = asset_status.asset
)

select * from final
