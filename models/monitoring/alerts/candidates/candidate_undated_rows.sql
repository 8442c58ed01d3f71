{{ config(materialized='ephemeral') }}

-- More of the rows that came have no timestamp than usual: they are in no bucket, so no metric of the table counts them.
with growing as (
    select
        status.connection, status.asset, status.owner, status.layer, status.undated_since, status.evaluated_at,
        counted.timestamp_column, counted.undated_share, counted.usual_undated_share, counted.previous_at
    from {{ ref('lookout', 'asset_status') }} as status
    -- The last look that found new rows.
    cross join lateral (
        select * from (
            select
                *,
                lag(results.as_of) over (order by results.as_of) as previous_at
            from {{ ref('lookout', 'collection_results') }} as results
            where
                results.connection = status.connection and results.asset = status.asset
                and results.due_until is not null
                and results.as_of between status.undated_since and status.looked_at
        ) as looks
        where looks.undated_share is not null
        order by looks.as_of desc
        limit 1
    ) as counted
    where status.undated_since is not null
),

final as (
    select
        'METRIC_ANOMALY' as alert_type,
        'critical' as severity,
        connection, asset,
        timestamp_column as column_name,
        'null_rate' as metric,
        owner, layer,
        undated_since as window_start,
        evaluated_at as window_end,
        undated_share as observed_value,
        usual_undated_share as expected_value,
        'rows without a timestamp are in no bucket, so no other metric counts them; check what fills the column' as reason,
        concat(
            round(cast(100 * undated_share as numeric)), ' % of the rows that came since ', {{ lookout.human_minute('previous_at') }},
            ' have no timestamp (column ', timestamp_column, '), usually ', round(cast(100 * usual_undated_share as numeric)), ' %'
        ) as description,
        true as is_open,
        evaluated_at as seen_at
    from growing
)

{{ lookout.cast_to_contract(model, 'final', absent=['lower_bound', 'upper_bound', 'score', 'series_key']) }}
