{{ config(materialized='view') }}

-- Pipelines whose last execution failed. What dbt skipped has neither failed nor succeeded.
with watched_pipelines as (
    select * from {{ ref('lookout', 'watched_pipelines') }}
),

-- One index lookup for each pipeline, however many executions there are.
failing as (
    select
        watched_pipelines.*,
        newest.execution_id,
        newest.parent_id,
        newest.end_date,
        newest.status,
        newest.error,
        success.start_date as succeeded_at
    from watched_pipelines
    cross join lateral (
        select runs.start_date from {{ ref('lookout', 'pipeline_runs') }} as runs
        where
            runs.pipeline_id = watched_pipelines.pipeline_id
            and not runs.is_running
            and runs.status is distinct from 'skipped'
        order by runs.start_date desc
        limit 1
    ) as last
    cross join lateral (
        select * from {{ ref('lookout', 'pipeline_runs') }} as runs
        where
            runs.pipeline_id = watched_pipelines.pipeline_id
            and runs.start_date = last.start_date
            and not runs.is_running
            and runs.status is distinct from 'skipped'
        -- Of several that began at the same moment, one that succeeded is enough.
        order by runs.completed_successfully desc, runs.end_date desc, runs.execution_id
        limit 1
    ) as newest
    left join lateral (
        select runs.start_date from {{ ref('lookout', 'pipeline_runs') }} as runs
        where runs.pipeline_id = watched_pipelines.pipeline_id and runs.completed_successfully
        order by runs.start_date desc
        limit 1
    ) as success on true
    where not newest.completed_successfully
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
