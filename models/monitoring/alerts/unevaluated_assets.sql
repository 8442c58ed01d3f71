{{ config(materialized='ephemeral') }}

with asset_status as (
    select * from {{ ref('lookout', 'asset_status') }}
    where status not in ('ok', 'empty')
),

-- A database that cannot be reached is one fact, however many of its tables are watched.
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

unreadable as (
    select
        connection,
        asset,
        unevaluated_since as window_start,
        looked_at as seen_at,
        message as reason,
        concat('could not be evaluated: ', replace(status, '_', ' ')) as description,
        owner,
        layer
    from asset_status
    where status <> 'source_unreachable'
),

unevaluated as (
    select * from unreachable
    union all
    select * from unreadable
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
