{{ config(materialized='ephemeral') }}

with asset_status as (
    select * from {{ ref('lookout', 'asset_status') }}
    where status not in ('ok', 'empty')
),

-- A database that cannot be reached is one alert, however many of its tables are watched.
unreachable as (
    select
        connection,
        '' as asset,
        min(unevaluated_since) as window_start,
        max(looked_at) as seen_at,
        concat(count(*), ' watched tables could not be evaluated: ', min(message)) as reason,
        'source could not be reached' as description,
        string_agg(distinct nullif(owner, ''), ', ') as owner,
        '' as layer
    from asset_status
    where status = 'source_unreachable'
    group by connection
),

-- A table that is missing because dbt could not build it has one cause, which is an alert of its own.
unbuilt as (
    select distinct connection, asset from {{ ref('lookout', 'failing_executions') }}
    where node_id <> ''
),

unreadable as (
    select
        asset_status.connection,
        asset_status.asset,
        asset_status.unevaluated_since as window_start,
        asset_status.looked_at as seen_at,
        asset_status.message as reason,
        concat('could not be evaluated: ', replace(asset_status.status, '_', ' ')) as description,
        asset_status.owner,
        asset_status.layer
    from asset_status
    left join unbuilt
        on
            asset_status.connection = unbuilt.connection
            and asset_status.asset = unbuilt.asset
            and asset_status.status = 'missing_table'
    where asset_status.status <> 'source_unreachable' and unbuilt.asset is null
),

reported as (
    select connection, asset from unreachable
    union all
    select connection, asset from unreadable
),

-- Contracts that could not be checked, unless the same table or database is already in one of the above.
unchecked as (
    select
        contract_violations.connection,
        case when count(distinct contract_violations.asset) = 1 then min(contract_violations.asset) else '' end as asset,
        min(contract_violations.first_seen_at) as window_start,
        max(contract_violations.as_of) as seen_at,
        contract_violations.actual as reason,
        case
            when count(distinct contract_violations.asset) = 1 then 'the contract could not be evaluated'
            else concat(count(distinct contract_violations.asset), ' contracts could not be evaluated')
        end as description,
        string_agg(distinct nullif(contract_violations.owner, ''), ', ') as owner,
        min(contract_violations.layer) as layer
    from {{ ref('lookout', 'contract_violations') }} as contract_violations
    -- A table without rows breaks no rule about rows: its contract is not evaluated, and that is no alert.
    inner join {{ ref('lookout', 'contract_status') }} as contract_status
        on
            contract_violations.connection = contract_status.connection
            and contract_violations.asset = contract_status.asset
            and contract_status.total_rows is distinct from 0
    left join reported
        on
            contract_violations.connection = reported.connection
            and reported.asset in ('', contract_violations.asset)
    where contract_violations.violation_type = 'CONTRACT_NOT_EVALUATED' and reported.connection is null
    group by contract_violations.connection, contract_violations.actual
),

unevaluated as (
    select * from unreachable
    union all
    select * from unreadable
    union all
    select distinct on (connection, asset) * from unchecked
),

final as (
    select
        'SOURCE_UNREACHABLE' as alert_type,
        'critical' as severity,
        connection,
        asset,
        '' as column_name,
        '' as metric,
        coalesce(owner, '') as owner,
        layer,
        cast(null as text) as series_key,
        window_start,
        seen_at as window_end,
        cast(null as double precision) as observed_value,
        cast(null as double precision) as expected_value,
        cast(null as double precision) as lower_bound,
        cast(null as double precision) as upper_bound,
        cast(null as double precision) as score,
        reason,
        description,
        true as is_open,
        seen_at
    from unevaluated
)

select * from final
