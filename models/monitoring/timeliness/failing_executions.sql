{{ config(materialized='view') }}

with failing as (
    select * from {{ ref('lookout', 'failed_last_executions') }}
),

streaks as (
    select
        failing.*,
        streak.failing_since,
        streak.failures
    from failing
    cross join lateral (
        select
            min(runs.start_date) as failing_since,
            count(*) as failures
        from {{ ref('lookout', 'pipeline_runs') }} as runs
        where
            runs.pipeline_id = failing.pipeline_id
            and {{ lookout.is_in_streak('runs.start_date', 'failing.succeeded_at') }}
            and not runs.completed_successfully
            and runs.status is distinct from 'skipped'
    ) as streak
),

-- A failure is reported where it began, and not again for the executions around it. dbt's own checks are alerts of their
-- own, unless they were killed.
reported_below as (
    select distinct parent_id from failing
    where parent_id is not null and not (is_dbt_check and status is not distinct from 'killed')
),

-- A model that dbt would not build because of its contract is a broken contract.
contract_failures as (
    select distinct connection, asset from {{ ref('lookout', 'contract_violations') }}
    where found_by = 'dbt build'
),

final as (
    select streaks.*
    from streaks
    left join reported_below on streaks.execution_id = reported_below.parent_id
    left join contract_failures
        on streaks.node_id <> '' and streaks.connection = contract_failures.connection and streaks.asset = contract_failures.asset
    where not streaks.is_dbt_check and reported_below.parent_id is null and contract_failures.asset is null
)

select * from final
