{{ config(materialized='table', indexes=[{'columns': ['series_key'], 'unique': true}]) }}

with series as (
    select
        watched_series.*,
        looks.is_evaluated,
        looks.unmeasured_series,
        looks.message,
        {{ lookout.bucket_end('newest_at', 'watched_series') }} as measured_until,
        case
            when grain in ('week', 'month') then cast('1 ' || grain as interval) + interval '7 days'
            else case grain when 'day' then interval '7 days' else interval '1 day' end
        end as patience,
        coalesce(looks.due_until, {{ lookout.as_of() }}) as due_until,
        looks.due_until < looks.watermark and looks.usual_delay_seconds is null as is_waiting,
        coalesce(warn_after_seconds, error_after_seconds) is not null as has_limit,
        series_key in (select alerts.series_key from {{ ref('lookout', 'open_alerts') }} as alerts) as is_alerting
    from {{ ref('lookout', 'watched_series') }} as watched_series
    left join {{ ref('lookout', 'asset_status') }} as looks
        on watched_series.connection = looks.connection and watched_series.asset = looks.asset
),

final as (
    select
        *,
        case
            when is_evaluated is not true then 'not evaluated: the table could not be looked at'
            when is_alerting then 'wrong'
            when strpos(unmeasured_series, series_key) > 0 then concat('not evaluated: ', message)
            when metric = 'freshness' and has_limit then 'ok'
            when newest_at is null then 'learning: no history has been learned yet'
            when is_waiting then concat(
                'learning: when its rows usually come is not known yet, and none have come since ', {{ lookout.human_minute('due_until') }}
            )
            when measured_until < due_until - patience
                then concat('not evaluated: nothing was measured and learned since ', {{ lookout.human_minute('measured_until') }})
            when not may_have_values then 'not evaluated: it never had a value'
            -- A limit judges the silence of a table whose loads are too rare to learn from.
            when has_limit and learning_reason like 'needs % more load%' then 'ok'
            when learning_reason is not null then concat('learning: ', learning_reason)
            when is_judged is not true then 'learning: left out by a calendar or an answer'
            else 'ok'
        end as verdict
    from series
)

select
    series_key, connection, asset, judged_at,
    concat(metric, case when column_name <> '' then concat(' of ', column_name) end) as label,
    split_part(verdict, ': ', 1) as state,
    regexp_replace(verdict, '^[^:]*(: )?', '') as reason
from final
