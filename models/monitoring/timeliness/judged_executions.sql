{{ config(materialized='ephemeral') }}

with points as (
    select * from {{ ref('lookout', 'execution_points') }}
),

-- The first pass judges every execution by all before it, the second by those that the first did not flag. So what is
-- flagged never depends on what an earlier run had flagged. The first reaches one lookback further, for the second.
points_1 as (
    select
        *,
        true as is_counted,
        start_date > judged_after - lookback as is_judged
    from points
),
{%- for pass in (1, 2) %}

-- Sums up to a moment, so that a lookback is a difference of two of them; exact, because numeric is.
moments_{{ pass }} as (
    select slot_number, point_number, 1 as step, end_date as moment, value as counted from points_{{ pass }}
    where is_counted
    union all
    select slot_number, point_number, 0, start_date - lookback, null from points_{{ pass }}
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
)
{%- if pass == 1 %},

points_2 as (
    select
        points.*,
        judged.cause is null or points.is_unflagged as is_counted,
        points.start_date > points.judged_after as is_judged
    from points
    left join judged_1 as judged on points.point_number = judged.point_number
    where points.start_date > points.judged_after - points.lookback
),
{%- endif %}
{%- endfor %}

select * from judged_2
