{{ config(materialized='view') }}

with watched as (
    select distinct monitors.connection, monitors.asset
    from {{ ref('lookout', 'monitors') }} as monitors
    where monitors.is_active and not {{ lookout.is_of_pipeline('monitors') }}
),

results as (
    select
        collection_results.*,
        -- A table that was read is evaluated, though some of its metrics may not be.
        collection_results.status in ('ok', 'empty') or collection_results.unmeasured_series is not null as is_evaluated
    from {{ ref('lookout', 'collection_results') }} as collection_results
    inner join watched
        on collection_results.connection = watched.connection and collection_results.asset = watched.asset
    where collection_results.as_of <= {{ lookout.as_of() }}
),

numbered as (
    select
        *,
        max(rows_profiled) over (partition by connection, asset) as most_rows,
        row_number() over (partition by connection, asset order by as_of desc) as recency,
        max(as_of) filter (where is_evaluated) over (partition by connection, asset) as evaluated_at,
        max(as_of) filter (where status in ('ok', 'empty')) over (partition by connection, asset) as measured_at,
        max(as_of) filter (where is_evaluated and status <> 'empty') over (partition by connection, asset) as filled_at
    from results
),

streaks as (
    select
        connection,
        asset,
        min(as_of) filter (where {{ lookout.is_in_streak('as_of', 'evaluated_at') }}) as unevaluated_since,
        min(as_of) filter (where {{ lookout.is_in_streak('as_of', 'measured_at') }}) as unmeasured_since,
        -- A table that cannot be looked at is as empty as it was.
        min(as_of) filter (where status = 'empty' and {{ lookout.is_in_streak('as_of', 'filled_at') }}) as empty_since,
        max(latest_at) filter (where as_of = evaluated_at) as latest_at,
        max(status) filter (where as_of = evaluated_at) as evaluated_status,
        max(evaluated_at) as evaluated_at
    from numbered
    group by connection, asset
),

final as (
    select
        numbered.connection,
        numbered.asset,
        numbered.as_of as looked_at,
        numbered.status,
        numbered.is_evaluated, numbered.unmeasured_series, numbered.undated_rows, numbered.most_rows,
        numbered.message,
        numbered.due_until, numbered.arrived_until, numbered.usual_delay_seconds, numbered.late_since, numbered.watermark, numbered.undated_since,
        numbered.owner,
        numbered.layer,
        streaks.evaluated_at,
        streaks.evaluated_status,
        streaks.latest_at,
        streaks.unevaluated_since, streaks.unmeasured_since,
        streaks.empty_since
    from numbered
    inner join streaks on numbered.connection = streaks.connection and numbered.asset = streaks.asset
    where numbered.recency = 1
)

select * from final
