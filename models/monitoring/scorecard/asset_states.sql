{{ config(materialized='table', indexes=[{'columns': ['connection', 'asset'], 'unique': true}]) }}

with series as (
    select
        connection,
        asset,
        max(state) filter (where state in ('learning', 'not evaluated')) as worst_state,
        string_agg(distinct nullif(concat_ws(': ', nullif(label, ''), nullif(reason, '')), label), '; ')
            filter (where state = 'not evaluated') as blind_spots,
        string_agg(distinct reason, '; ') filter (where state = 'learning') as lessons,
        count(judged_at) as baseline_count
    from {{ ref('lookout', 'series_states') }}
    group by connection, asset
),

watched as (
    select
        connection,
        asset,
        max(layer) as layer,
        max(owner) as owner,
        max(series_key) filter (where metric = 'row_count') as rows_key
    from {{ ref('lookout', 'monitors') }} as monitors
    where is_active and not {{ lookout.is_of_pipeline('monitors') }}
    group by connection, asset
),

alerting as (
    select distinct alerts.connection, alerts.asset
    from {{ ref('lookout', 'alerts') }} as alerts
    inner join {{ ref('lookout', 'alert_states') }} as states on alerts.alert_key = states.alert_key
    where states.is_open and alerts.severity in ('critical', 'warning') and alerts.alert_type <> 'SOURCE_UNREACHABLE'
),

final as (
    select
        watched.*,
        series.baseline_count,
        looks.status,
        looks.evaluated_at,
        looks.unevaluated_since,
        case
            when looks.is_evaluated is not true then concat('not evaluated: ', coalesce(looks.message, 'never looked at'))
            when alerting.asset is not null then concat('wrong: ', looks.message)
            when looks.evaluated_at < {{ lookout.as_of() }} - interval '7 days'
                then concat('not evaluated: last looked at ', {{ lookout.human_minute('looks.evaluated_at') }})
            when looks.undated_rows >= greatest(dated.row_count, 1) then concat(
                'not evaluated: ', round(cast(100.0 * looks.undated_rows / (looks.undated_rows + dated.row_count) as numeric)),
                ' % of its rows have no time. ', looks.message
            )
            when series.worst_state = 'not evaluated' then concat('not evaluated: ', series.blind_spots)
            when series.worst_state = 'learning' then concat('learning: ', series.lessons)
            else concat('ok: ', looks.message)
        end as verdict
    from watched
    inner join series on watched.connection = series.connection and watched.asset = series.asset
    left join {{ ref('lookout', 'asset_status') }} as looks
        on watched.connection = looks.connection and watched.asset = looks.asset
    left join alerting on watched.connection = alerting.connection and watched.asset = alerting.asset
    -- Counted only where some rows are in no bucket.
    left join lateral (
        select coalesce(sum(observations.value), looks.most_rows) as row_count
        from {{ ref('lookout', 'metric_observations') }} as observations
        where looks.undated_rows > 0 and observations.series_key = watched.rows_key
    ) as dated on true
)

select
    connection, asset, layer, owner, baseline_count, status, evaluated_at, unevaluated_since,
    split_part(verdict, ': ', 1) as state,
    regexp_replace(verdict, '^[^:]*: ', '') as reason
from final
