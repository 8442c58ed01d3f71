{{ config(materialized='ephemeral') }}

with watched_pipelines as (
    select
        *,
        -- In a replay, what was written later does not count.
        {%- for change in ('insert', 'update', 'soft_delete') %}
        case when last_target_{{ change }} <= {{ lookout.horizon() }} then last_target_{{ change }} end as {{ change }}_at,
        {%- endfor %}
        greatest(last_target_insert, last_target_update, last_target_soft_delete) > {{ lookout.horizon() }} as is_replay
    from {{ ref('lookout', 'watched_pipelines') }}
    where freshness_number is not null and not is_freshness_muted
),

earlier as (
    select
        watched_pipelines.pipeline_id,
        max(pipeline_runs.end_date) as changed_at
    from watched_pipelines
    inner join {{ ref('lookout', 'pipeline_runs') }} as pipeline_runs
        on watched_pipelines.pipeline_id = pipeline_runs.pipeline_id
    where
        watched_pipelines.is_replay
        and pipeline_runs.completed_successfully
        and greatest(pipeline_runs.inserts, pipeline_runs.updates, pipeline_runs.soft_deletes) > 0
    group by watched_pipelines.pipeline_id
),

aged as (
    select
        watched_pipelines.*,
        greatest(insert_at, update_at, soft_delete_at, earlier.changed_at) as last_dml_timestamp
    from watched_pipelines
    left join earlier on watched_pipelines.pipeline_id = earlier.pipeline_id
),

limited as (
    select
        *,
        coalesce(last_dml_timestamp, created_at) as stale_since,
        {{ lookout.add_dateparts('coalesce(last_dml_timestamp, created_at)', 'freshness_number', 'freshness_datepart') }} as due_at
    from aged
),

final as (
    select
        md5(concat(pipeline_id, ':', {{ lookout.exact_epoch('last_dml_timestamp') }})) as freshness_key,
        pipeline_id,
        name,
        pipeline_type,
        owner,
        connection,
        asset,
        layer,
        last_dml_timestamp,
        stale_since,
        freshness_number,
        freshness_datepart,
        has_own_freshness_limit as used_child_config,
        due_at
    from limited
    where
        due_at < {{ lookout.as_of() }}
        -- In a replay, the last change before the clock may be unknown; that does not mean that there was none.
        and not (coalesce(is_replay, false) and last_dml_timestamp is null)
)

select * from final
