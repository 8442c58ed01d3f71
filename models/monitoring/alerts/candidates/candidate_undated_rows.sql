{{ config(materialized='ephemeral') }}

-- More of the rows that came have no timestamp than usual: they are in no bucket, so no metric of the table counts them.
with looks as (
    select
        results.*,
        status.undated_since as began_at,
        status.evaluated_at,
        lag(results.as_of) over (partition by results.connection, results.asset order by results.as_of) as previous_at
    from {{ ref('lookout', 'asset_status') }} as status
    inner join {{ ref('lookout', 'collection_results') }} as results
        on
            status.connection = results.connection
            and status.asset = results.asset
            and results.as_of between status.undated_since and status.looked_at
    where results.due_until is not null
),

-- The last look that found new rows.
growing as (
    select distinct on (connection, asset) * from looks
    where undated_share is not null
    order by connection asc, asset asc, as_of desc
),

final as (
    select
        'METRIC_ANOMALY' as alert_type,
        'critical' as severity,
        connection, asset,
        timestamp_column as column_name,
        'null_rate' as metric,
        owner, layer,
        began_at as window_start,
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
