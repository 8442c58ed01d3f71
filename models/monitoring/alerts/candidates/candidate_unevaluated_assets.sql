{{ config(materialized='ephemeral') }}

with unreadable_assets as (
    select * from {{ ref('lookout', 'unreadable_assets') }}
),

-- A table without rows breaks no rule about rows: its contract is not evaluated, and that is no alert.
contract_status as (
    select * from {{ ref('lookout', 'contract_status') }}
    where total_rows is distinct from 0
),

-- Contracts that could not be checked, unless the same table or database is reported already.
unchecked as (
    select violations.*
    from {{ ref('lookout', 'contract_violations') }} as violations
    inner join contract_status
        on violations.connection = contract_status.connection and violations.asset = contract_status.asset
    left join unreadable_assets
        on
            violations.connection = unreadable_assets.connection
            and unreadable_assets.asset in ('', violations.asset)
    where violations.violation_type = 'CONTRACT_NOT_EVALUATED' and unreadable_assets.connection is null
),

-- One reason for several contracts of a database is one alert.
unchecked_contracts as (
    select
        connection,
        case when count(distinct asset) = 1 then min(asset) else '' end as asset,
        min(first_seen_at) as window_start,
        max(as_of) as seen_at,
        actual as reason,
        case
            when count(distinct asset) = 1 then 'the contract could not be evaluated'
            else concat(count(distinct asset), ' contracts could not be evaluated')
        end as description,
        'critical' as severity,
        string_agg(distinct nullif(owner, ''), ', ') as owner,
        min(layer) as layer
    from unchecked
    group by connection, actual
),

unevaluated as (
    select * from unreadable_assets
    union all
    select distinct on (connection, asset) * from unchecked_contracts
),

final as (
    select
        'SOURCE_UNREACHABLE' as alert_type,
        severity,
        connection,
        asset,
        '' as column_name,
        '' as metric,
        coalesce(owner, '') as owner,
        layer,
        window_start,
        seen_at as window_end,
        reason,
        description,
        true as is_open,
        seen_at
    from unevaluated
)

{{
    lookout.cast_to_contract(model, 'final', absent=[
        'observed_value', 'expected_value', 'lower_bound', 'upper_bound', 'score', 'series_key',
    ])
}}
