{{ config(materialized='ephemeral') }}

-- Lookout's own tests read the baselines, whose anomalies are alerts already.
with results as (
    select
        *,
        outcome in ('warned', 'failed', 'error') as is_failing,
        resource_type in ('test', 'unit_test', 'source') as is_check,
        row_number() over (partition by node_id order by executed_at, finished_at nulls first, invocation_id) as position
    from {{ ref('lookout', 'dbt_results') }}
    where
        resource_type in ('test', 'unit_test', 'source', 'model', 'seed', 'snapshot')
        and outcome <> 'none'
        and coalesce(test_name, '') not in ('lookout.volume_anomaly', 'lookout.freshness_anomaly', 'lookout.zscore_anomaly')
        and executed_at <= {{ lookout.horizon() }}
),

-- The order in which they ran decides: a replay may have been repeated at the same clock.
ordered as (
    select
        *,
        position = max(position) over node as is_newest,
        position > coalesce(max(position) filter (where not is_failing) over node, 0) as is_in_streak
    from results
    window node as (partition by node_id)
),

final as (
    select
        *,
        min(executed_at) filter (where is_in_streak) over (partition by node_id) as failing_since
    from ordered
)

select * from final
where is_newest and is_failing
