{{ config(materialized='table', indexes=[{'columns': ['connection', 'asset'], 'unique': true}]) }}

with watched as (
    select
        series.connection,
        series.asset,
        max(series.layer) as layer,
        max(series.owner) as owner,
        max(series.series_key) filter (where series.metric = 'row_count') as rows_key,
        max(states.state) filter (where states.state in ('learning', 'not evaluated')) as worst_state,
        string_agg(distinct concat(states.label, ': ', states.reason), '; ') filter (where states.state = 'not evaluated') as blind_spots,
        string_agg(distinct states.reason, '; ') filter (where states.state = 'learning') as learning_reasons,
        count(states.judged_at) as baseline_count
    from {{ ref('lookout', 'monitors') }} as series
    inner join {{ ref('lookout', 'series_states') }} as states on series.series_key = states.series_key
    group by series.connection, series.asset
),

alerting as (
    select distinct connection, asset from {{ ref('lookout', 'open_alerts') }}
    where alert_type <> 'SOURCE_UNREACHABLE'
),

final as (
    select
        watched.*,
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
            when watched.worst_state = 'not evaluated' then concat('not evaluated: ', watched.blind_spots)
            when watched.worst_state = 'learning' then concat('learning: ', watched.learning_reasons)
            else concat('ok: ', looks.message)
        end as verdict
    from watched
    left join {{ ref('lookout', 'asset_status') }} as looks on watched.connection = looks.connection and watched.asset = looks.asset
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
