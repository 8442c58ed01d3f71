{{ config(materialized='ephemeral') }}

-- The thirty days before the run clock are judged; they are compared with up to two lookbacks before them.
with rules as (
    select
        rules.*,
        watched_pipelines.name,
        watched_pipelines.connection,
        watched_pipelines.asset,
        {{ lookout.as_of() }} - 30 * interval '24 hours' as judged_after,
        rules.lookback_days * interval '24 hours' as lookback,
        row_number() over (order by rules.pipeline_id, rules.metric_field) as rule_number
    from {{ ref('lookout', 'anomaly_detection_rules') }} as rules
    inner join {{ ref('lookout', 'watched_pipelines') }} as watched_pipelines
        on rules.pipeline_id = watched_pipelines.pipeline_id
    where rules.active
),

unflags as (
    select * from {{ ref('lookout', 'anomaly_unflags') }}
),

-- An alert about an execution that somebody answered as expected says the same of its numbers.
answers as (
    select distinct on (alert_key) * from {{ ref('lookout', 'alert_feedback') }}
    order by alert_key, feedback_number desc
),

-- A throughput of 0 is not judged where it only means that the execution took less than half a second.
measured as (
    select
        rules.*,
        runs.execution_id,
        runs.start_date,
        runs.end_date,
        runs.hour_recorded,
        runs.duration_seconds,
        cast(case rules.metric_field
            {%- for metric in ('duration_seconds', 'inserts', 'updates', 'soft_deletes', 'total_rows') %}
            when '{{ metric }}' then runs.{{ metric }}
            {%- endfor %}
            when 'throughput' then case when runs.duration_seconds > 0 or runs.total_rows = 0 then runs.throughput end
        end as numeric) as value
    from rules
    inner join {{ ref('lookout', 'pipeline_runs') }} as runs on rules.pipeline_id = runs.pipeline_id
    where runs.completed_successfully and runs.start_date > rules.judged_after - 2 * rules.lookback
),

-- Numbers instead of names: sorting them is most of the work of the next model.
final as (
    select
        measured.*,
        row_number() over () as point_number,
        measured.rule_number * 24 + measured.hour_recorded as slot_number,
        unflags.execution_id is not null or answers.alert_key is not null as is_unflagged
    from measured
    left join unflags on measured.execution_id = unflags.execution_id and measured.metric_field = unflags.metric_field
    left join answers
        on
            measured.start_date = answers.window_start and answers.verdict = 'expected'
            and answers.alert_key = {{ lookout.alert_key(
                "'PIPELINE_ANOMALY'", 'measured.connection', 'measured.asset', "''", "'anomaly_rules'", 'measured.start_date'
            ) }}
    where measured.value is not null
)

select * from final
