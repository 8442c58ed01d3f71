{{ config(materialized='ephemeral') }}

with falls as (
    select
        episodes.*,
        monitors.connection,
        monitors.asset,
        {{ lookout.bucket_end('episodes.window_start', 'monitors') }} - episodes.window_start as step
    from {{ ref('lookout', 'alerting_episodes') }} as episodes
    inner join {{ ref('lookout', 'monitors') }} as monitors on episodes.series_key = monitors.series_key
    where monitors.metric = 'row_count' and episodes.observed_value < episodes.expected_value
),

looks as (
    select * from {{ ref('lookout', 'collection_results') }}
    where undated_rows is not null and as_of <= {{ lookout.as_of() }}
),

-- Those of the first check after the fall that were not there at the last one before it.
final as (
    select
        falls.series_key,
        falls.window_start,
        falls.observed_value,
        falls.expected_value - falls.observed_value as missing,
        (after.undated_rows - coalesce(before.undated_rows, 0)) / greatest(1, least(
            falls.bucket_count, floor(extract(epoch from after.as_of - falls.window_start) / extract(epoch from falls.step))
        )) as per_bucket,
        -- Without a check before it, only what the fall of today makes up can have come with it.
        before.undated_rows is not null or falls.is_open as is_dated,
        case when before.undated_rows is null then 2 * (falls.expected_value - falls.observed_value) else 'infinity' end as most
    from falls
    inner join lateral (
        select * from looks
        where looks.connection = falls.connection and looks.asset = falls.asset and looks.as_of >= falls.window_start + falls.step
        order by looks.as_of
        limit 1
    ) as after on true
    left join lateral (
        select * from looks
        where looks.connection = falls.connection and looks.asset = falls.asset and looks.as_of <= falls.window_start
        order by looks.as_of desc
        limit 1
    ) as before on true
)

select
    series_key,
    window_start,
    round(100 * per_bucket / (per_bucket + observed_value)) as share
from final
where is_dated and per_bucket >= missing / 2 and per_bucket <= most
