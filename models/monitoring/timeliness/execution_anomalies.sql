{{ config(materialized='table', indexes=[{'columns': ['pipeline_execution_id', 'metric_field'], 'unique': true}]) }}

{#- The number of days before the run clock that are judged; they are compared with up to two lookbacks before them. -#}
{%- set judged_days = 30 -%}

with rules as (
    select
        rules.*,
        watched_pipelines.name,
        row_number() over (order by rules.pipeline_id, rules.metric_field) as rule_number
    from {{ ref('lookout', 'anomaly_detection_rules') }} as rules
    inner join {{ ref('lookout', 'watched_pipelines') }} as watched_pipelines
        on rules.pipeline_id = watched_pipelines.pipeline_id
    where rules.active
),

unflags as (
    select * from {{ ref('lookout', 'anomaly_unflags') }}
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
    where
        runs.completed_successfully
        and runs.start_date
        > {{ lookout.as_of() }} - ({{ judged_days }} + 2 * rules.lookback_days) * interval '24 hours'
),

-- Numbers instead of names: sorting them is most of the work.
points_1 as (
    select
        measured.*,
        row_number() over () as point_number,
        measured.rule_number * 24 + measured.hour_recorded as slot_number,
        true as is_counted,
        measured.start_date
        > {{ lookout.as_of() }} - ({{ judged_days }} + measured.lookback_days) * interval '24 hours' as is_judged,
        unflags.execution_id is not null as is_unflagged
    from measured
    left join unflags on measured.execution_id = unflags.execution_id and measured.metric_field = unflags.metric_field
    where measured.value is not null
),

-- The first pass judges every execution by all before it, the second by those that the first did not flag. So what is
-- flagged never depends on what an earlier run had flagged. The first reaches one lookback further, for the second.
{%- for pass in (1, 2) %}

-- Sums up to a moment, so that a lookback is a difference of two of them; exact, because numeric is.
moments_{{ pass }} as (
    select slot_number, point_number, 1 as step, end_date as moment, value as counted from points_{{ pass }}
    where is_counted
    union all
    select slot_number, point_number, 0, start_date - lookback_days * interval '24 hours', null from points_{{ pass }}
    where is_judged
    union all
    select slot_number, point_number, 2, start_date, null from points_{{ pass }}
    where is_judged
),

sums_{{ pass }} as (
    select
        point_number,
        step,
        count(counted) over slot as number,
        coalesce(sum(counted) over slot, 0) as total,
        coalesce(sum(counted * counted) over slot, 0) as squares,
        count(*) filter (where counted = 0) over slot as zeros
    from moments_{{ pass }}
    window slot as (partition by slot_number order by moment, step rows unbounded preceding)
),

baselines_{{ pass }} as (
    select
        point_number,
        {%- for name in ('number', 'total', 'squares', 'zeros') %}
        sum(case step when 2 then {{ name }} else -{{ name }} end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from sums_{{ pass }}
    where step <> 1
    group by point_number
),

spread_{{ pass }} as (
    select
        points.*,
        baselines.number,
        baselines.zeros,
        baselines.total / baselines.number as mean,
        sqrt(
            (baselines.number * baselines.squares - baselines.total * baselines.total)
            / (baselines.number * (baselines.number - 1))
        ) as deviation
    from points_{{ pass }} as points
    inner join baselines_{{ pass }} as baselines on points.point_number = baselines.point_number
    where baselines.number >= greatest(points.minimum_executions, 2)
),

judged_{{ pass }} as (
    select
        *,
        greatest(0, mean - z_threshold * deviation) as lowest,
        mean + z_threshold * deviation as highest,
        case
            -- A number that never changed before and did now, by more than the rounding to whole seconds.
            when deviation = 0 then case
                when abs(value - mean) > case metric_field
                    when 'duration_seconds' then 1
                    when 'throughput' then mean / greatest(duration_seconds, 1)
                    else 0
                end
                    then 'constant'
            end
            when value > mean + z_threshold * deviation or value < mean - z_threshold * deviation then 'range'
            -- A count with a mean of 6 is 0 by chance once in 400 times, as often as it leaves 3 standard deviations.
            when value = 0 and zeros = 0 and mean >= 6 and metric_field <> 'duration_seconds' then 'zero'
        end as cause
    from spread_{{ pass }}
),
{%- if pass == 1 %}

points_2 as (
    select
        points.pipeline_id, points.metric_field, points.z_threshold, points.lookback_days, points.minimum_executions,
        points.name, points.execution_id, points.start_date, points.end_date, points.duration_seconds, points.value,
        points.point_number, points.slot_number, points.is_unflagged,
        judged.cause is null or points.is_unflagged as is_counted,
        points.start_date > {{ lookout.as_of() }} - {{ judged_days }} * interval '24 hours' as is_judged
    from points_1 as points
    left join judged_1 as judged on points.point_number = judged.point_number
    where points.is_judged
),
{%- endif %}
{%- endfor %}

final as (
    select
        execution_id as pipeline_execution_id,
        pipeline_id,
        metric_field,
        name,
        start_date,
        end_date,
        cast(value as numeric(38, 4)) as violation_value,
        cast(case when deviation > 0 then (value - mean) / deviation end as numeric(38, 4)) as z_score,
        cast(mean as numeric(38, 4)) as historical_mean,
        cast(deviation as numeric(38, 4)) as std_deviation_value,
        z_threshold,
        cast(lowest as numeric(38, 4)) as threshold_min_value,
        cast(highest as numeric(38, 4)) as threshold_max_value,
        cause,
        jsonb_build_object(
            'lookback_days', lookback_days, 'minimum_executions', minimum_executions,
            'execution_count', number, 'rule', cause
        ) as context,
        end_date as detected_at
    from judged_2
    where cause is not null and not is_unflagged
)

select * from final
