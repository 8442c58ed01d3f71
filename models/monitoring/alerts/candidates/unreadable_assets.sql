{{ config(materialized='ephemeral') }}

-- A query that had no answer in time has the cause of its database, where the rest of that could not be read either.
with asset_status as (
    select
        *,
        status = 'source_unreachable'
        or (
            status = 'timeout'
            and bool_or(status = 'source_unreachable') over (partition by connection, looked_at)
        ) as is_unreachable
    from {{ ref('lookout', 'asset_status') }}
    -- A setting that is wrong is a problem of the run, not of the people who own the table.
    where status not in ('ok', 'empty', 'wrong_setting')
),

-- A table that is missing because dbt could not build it has one cause, which is an alert of its own.
unbuilt as (
    select distinct connection, asset from {{ ref('lookout', 'failing_executions') }}
    where node_id <> ''
),

-- A database that cannot be reached is one alert, however many of its tables are watched.
unreachable as (
    select
        connection,
        '' as asset,
        min(unevaluated_since) as window_start,
        max(looked_at) as seen_at,
        concat(
            count(*), ' watched tables could not be evaluated: ', min(message) filter (where status = 'source_unreachable')
        ) as reason,
        'source could not be reached' as description,
        'critical' as severity,
        string_agg(distinct nullif(owner, ''), ', ') as owner,
        '' as layer
    from asset_status
    where is_unreachable
    group by connection
),

unreadable as (
    select
        asset_status.connection,
        asset_status.asset,
        asset_status.unmeasured_since as window_start,
        asset_status.looked_at as seen_at,
        asset_status.message as reason,
        case when asset_status.is_evaluated then 'some metrics ' else '' end
            || concat('could not be evaluated: ', replace(asset_status.status, '_', ' ')) as description,
        case when asset_status.is_evaluated then 'warning' else 'critical' end as severity,
        asset_status.owner,
        asset_status.layer
    from asset_status
    left join unbuilt
        on
            asset_status.connection = unbuilt.connection
            and asset_status.asset = unbuilt.asset
            and asset_status.status = 'missing_table'
    where not asset_status.is_unreachable and unbuilt.asset is null
),

final as (
    select * from unreachable
    union all
    select * from unreadable
)

select * from final
