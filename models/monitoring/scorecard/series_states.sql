{{ config(materialized='table', indexes=[{'columns': ['series_key'], 'unique': true}]) }}

with monitors as (
    select
        monitors.*,
        {{ lookout.bucket_step('grain') }} as step,
        case grain when 'hour' then interval '1 day' else interval '7 days' end as patience,
        coalesce(warn_after_seconds, error_after_seconds) is not null as has_limit
    from {{ ref('lookout', 'monitors') }} as monitors
    where is_active and not {{ lookout.is_of_pipeline('monitors') }}
),

open_alerts as (
    select distinct alerts.series_key
    from {{ ref('lookout', 'alerts') }} as alerts
    inner join {{ ref('lookout', 'alert_states') }} as states on alerts.alert_key = states.alert_key
    where states.is_open and alerts.severity in ('critical', 'warning')
),

baselines as not materialized (
    select * from {{ ref('lookout', 'baselines') }}
    where status <> 'forecast' and bucket_start < {{ lookout.as_of() }}
),

-- A few index lookups for each series; the baselines themselves may be millions of rows.
looked_up as (
    select
        monitors.*,
        asset_status.is_evaluated,
        asset_status.unmeasured_series,
        asset_status.message,
        recent.*,
        monitors.series_key in (select open_alerts.series_key from open_alerts) as is_alerting,
        (select max(b.bucket_start) from baselines as b where b.series_key = monitors.series_key and b.status = 'judged') as judged_at,
        recent.bucket_count < 7 or recent.has_value
            or exists (select 1 from baselines as b where b.series_key = monitors.series_key and b.observed_value is not null)
            as may_have_values
    from monitors
    left join {{ ref('lookout', 'asset_status') }} as asset_status
        on monitors.connection = asset_status.connection and monitors.asset = asset_status.asset
    cross join lateral (
        select
            max(bucket_start) as newest_at,
            count(*) as bucket_count,
            coalesce(bool_or(observed_value is not null), false) as has_value,
            coalesce(bool_or(status = 'judged'), false) as is_judged,
            (array_agg(reason order by bucket_start desc) filter (where status = 'learning'))[1] as learning_reason
        from (select * from baselines as b where b.series_key = monitors.series_key order by b.bucket_start desc limit 7) as newest
    ) as recent
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
            when newest_at + step < {{ lookout.as_of() }} - patience
                then concat('not evaluated: nothing was measured and learned since ', {{ lookout.human_minute('(newest_at + step)') }})
            when not may_have_values then 'not evaluated: it never had a value'
            -- A limit judges the silence of a table whose loads are too rare to learn from.
            when has_limit and learning_reason like 'too sparse%' then 'ok'
            when learning_reason is not null then concat('learning: ', learning_reason)
            when not is_judged then 'learning: left out by a calendar or an answer'
            else 'ok'
        end as verdict
    from looked_up
)

select
    series_key,
    connection,
    asset,
    concat(metric, case when column_name <> '' then concat(' of ', column_name) end) as label,
    judged_at,
    split_part(verdict, ': ', 1) as state,
    regexp_replace(verdict, '^[^:]*(: )?', '') as reason
from final
