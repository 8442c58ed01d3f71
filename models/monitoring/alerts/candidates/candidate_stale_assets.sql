{{ config(materialized='ephemeral') }}

with asset_status as (
    select * from {{ ref('lookout', 'asset_status') }}
),

-- A limit is one of the table: it holds whichever metrics are measured.
monitors as (
    select distinct on (connection, asset) * from {{ ref('lookout', 'monitors') }}
    where is_active and (metric = 'freshness' or coalesce(warn_after_seconds, error_after_seconds) is not null)
    order by connection asc, asset asc, metric = 'freshness' desc, series_key asc
),

aged as (
    select
        monitors.*,
        asset_status.latest_at,
        asset_status.evaluated_at,
        asset_status.evaluated_status,
        asset_status.empty_since,
        asset_status.undated_rows, asset_status.message, asset_status.most_rows,
        extract(epoch from asset_status.evaluated_at - asset_status.latest_at) as age_seconds
    from asset_status
    inner join monitors on asset_status.connection = monitors.connection and asset_status.asset = monitors.asset
    where asset_status.evaluated_at is not null
),

limited as (
    select
        *,
        case
            when evaluated_status = 'empty' then 'critical'
            when age_seconds > error_after_seconds then 'critical'
            when age_seconds > warn_after_seconds then 'warning'
        end as severity,
        case
            when age_seconds > error_after_seconds then error_after_seconds
            else coalesce(warn_after_seconds, error_after_seconds)
        end as limit_seconds
    from aged
),

final as (
    select
        'STALE_DATA_FLOW' as alert_type,
        severity,
        connection,
        asset,
        '' as column_name,
        'freshness' as metric,
        owner,
        layer,
        case when metric = 'freshness' then series_key end as series_key,
        coalesce(latest_at, empty_since) as window_start,
        evaluated_at as window_end,
        age_seconds as observed_value,
        limit_seconds as upper_bound,
        case
            when evaluated_status = 'empty' and undated_rows > 0 then message
            when evaluated_status = 'empty' and most_rows > 0
                then concat('the table held rows before ', {{ lookout.human_minute('empty_since') }}, ', and now none')
            when evaluated_status = 'empty' then 'the table has never held a row up to now'
            else concat(
                'newest row is ', {{ lookout.human_duration('age_seconds') }}, ' old, the limit is ',
                {{ lookout.human_duration('limit_seconds') }}
            )
        end as reason,
        case
            when evaluated_status = 'empty' then case when most_rows > 0 then 'is empty' else 'never loaded' end
            else concat('no new rows for ', {{ lookout.human_duration('age_seconds') }})
        end as description,
        true as is_open,
        evaluated_at as seen_at
    from limited
    where severity is not null
)

{{ lookout.cast_to_contract(model, 'final', absent=['expected_value', 'lower_bound', 'score']) }}
