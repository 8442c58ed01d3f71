{{ config(materialized='ephemeral') }}

-- Lookout's own tests read the baselines, whose anomalies are alerts already.
with results as (
    select
        *,
        status in ('fail', 'warn', 'error', 'runtime error') as is_failing,
        resource_type in ('test', 'unit_test', 'source') as is_check
    from {{ ref('lookout', 'dbt_results') }}
    where
        resource_type in ('test', 'unit_test', 'source', 'model', 'seed', 'snapshot')
        and status <> 'skipped'
        and coalesce(test_name, '') not in ('lookout.volume_anomaly', 'lookout.freshness_anomaly', 'lookout.zscore_anomaly')
        and executed_at <= {{ lookout.as_of() }}
),

numbered as (
    select
        *,
        row_number() over (partition by node_id order by executed_at desc, invocation_id) as recency,
        max(executed_at) filter (where not is_failing) over (partition by node_id) as passed_at
    from results
),

streaks as (
    select
        node_id,
        min(executed_at) as failing_since
    from numbered
    where {{ lookout.is_in_streak('executed_at', 'passed_at') }}
    group by node_id
),

final as (
    select
        numbered.*,
        streaks.failing_since
    from numbered
    inner join streaks on numbered.node_id = streaks.node_id
    where numbered.recency = 1 and numbered.is_failing
)

select * from final
