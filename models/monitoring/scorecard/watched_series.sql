{{ config(materialized='ephemeral') }}

with recent as (
    select
        series_key,
        max(bucket_start) as newest_at,
        bool_or(observed_value is not null) as has_value,
        bool_or(status = 'judged') as is_judged,
        (array_agg(reason order by bucket_start desc) filter (where status = 'learning'))[1] as learning_reason
    from {{ ref('lookout', 'newest_buckets') }}
    group by series_key
),

baselines as not materialized (
    select * from {{ ref('lookout', 'baselines') }}
    where status <> 'forecast' and bucket_start < {{ lookout.as_of() }}
),

final as (
    select
        monitors.*,
        recent.newest_at, recent.is_judged, recent.learning_reason,
        judged.bucket_start as judged_at,
        recent.has_value is not false or measured.bucket_count < 7 or measured.value_count > 0 as may_have_values
    from {{ ref('lookout', 'monitors') }} as monitors
    left join recent on monitors.series_key = recent.series_key
    left join lateral (
        select baselines.bucket_start from baselines
        where baselines.series_key = monitors.series_key and baselines.status = 'judged'
        order by baselines.bucket_start desc
        limit 1
    ) as judged on true
    -- Not the baselines: without a value there is nothing to learn, and only the newest bucket has one.
    cross join lateral (
        select count(*) as bucket_count, count(observations.value) as value_count
        from {{ ref('lookout', 'metric_observations') }} as observations
        where
            recent.has_value is false and observations.series_key = monitors.series_key
            and observations.bucket_start < {{ lookout.as_of() }}
    ) as measured
    where monitors.is_active and not {{ lookout.is_of_pipeline('monitors') }}
)

select * from final
