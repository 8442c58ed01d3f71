{{ config(materialized='ephemeral') }}

with held_buckets as (
    select * from {{ ref('lookout', 'held_buckets') }}
),

-- Buckets between the same two quiet ones are one episode; one that could not be judged does not end an episode.
counted as (
    select
        *,
        count(*) filter (where not is_held) over (partition by series_key order by bucket_start) as quiet_before,
        count(*) filter (where not is_held) over (partition by series_key) as quiet_in_all
    from held_buckets
),

ranked as (
    select
        *,
        min(bucket_start) over episode as window_start,
        max(bucket_end) over episode as window_end,
        bool_or(severity = 'critical') over episode as is_critical,
        count(*) over episode as bucket_count,
        first_value(is_silent) over (partition by series_key, quiet_before order by bucket_start desc) as ends_silent,
        row_number() over (
            partition by series_key, quiet_before
            order by abs(score) desc nulls last, bucket_start
        ) as severity_rank
    from counted
    where is_held
    window episode as (partition by series_key, quiet_before)
),

-- The worst bucket speaks for the episode, which is open while no quiet bucket follows.
final as (
    select
        *,
        quiet_before = quiet_in_all as is_open
    from ranked
    where severity_rank = 1
)

select * from final
