{{ config(materialized='table') }}

with found as (
    select * from {{ ref('lookout', 'candidate_anomalies') }}
    union all
    select * from {{ ref('lookout', 'candidate_stale_assets') }}
    union all
    select * from {{ ref('lookout', 'candidate_late_loads') }}
    union all
    select * from {{ ref('lookout', 'candidate_undated_rows') }}
    union all
    select * from {{ ref('lookout', 'candidate_unevaluated_assets') }}
    union all
    select * from {{ ref('lookout', 'candidate_failing_tests') }}
    union all
    select * from {{ ref('lookout', 'candidate_broken_contracts') }}
    union all
    select * from {{ ref('lookout', 'candidate_late_pipelines') }}
    union all
    select * from {{ ref('lookout', 'candidate_stale_pipelines') }}
    union all
    select * from {{ ref('lookout', 'candidate_anomalous_pipelines') }}
),

candidates as (
    select
        *,
        {{ lookout.alert_key('alert_type', 'connection', 'asset', 'column_name', 'metric', 'window_start') }} as alert_key
    from found
),

answers as (
    select distinct on (alert_key) * from {{ ref('lookout', 'alert_feedback') }}
    order by alert_key, feedback_number desc
),

final as (
    select
        candidates.alert_key,
        candidates.alert_type,
        candidates.severity,
        candidates.connection,
        candidates.asset,
        candidates.column_name,
        candidates.metric,
        candidates.owner,
        candidates.layer,
        candidates.series_key,
        candidates.window_start,
        candidates.window_end,
        candidates.observed_value,
        candidates.expected_value,
        candidates.lower_bound,
        candidates.upper_bound,
        candidates.score,
        candidates.reason,
        candidates.description,
        candidates.is_open
            and case
                when answers.verdict in ('expected', 'new_normal') then false
                -- An alert marked as fixed whose condition still holds at a later check is open again.
                when answers.verdict = 'fixed' then candidates.seen_at > answers.given_at
                else true
            end as is_open,
        candidates.seen_at
    from candidates
    left join answers on candidates.alert_key = answers.alert_key
)

select * from final
