{{ config(materialized='table', indexes=[{'columns': ['scope', 'connection', 'name'], 'unique': true}]) }}

with words (kind, good, minor, bad) as (
    values
    ('anomalous', 'Healthy', 'Minor Anomaly', 'Anomaly'),
    ('stale', 'Healthy', 'Minor Staleness', 'Stale'),
    ('contracts', 'Compliant', 'Minor Violation', 'Violated')
),

-- A layer is called after its alerts, whichever layer it is: stale when nothing else is wrong with it.
scores as (
    select
        *,
        case
            when rule not in ('batch', 'cdc') then rule
            when freshness_alerts > 0 and volume_alerts + metric_alerts = 0 then 'stale'
            else 'anomalous'
        end as kind
    from {{ ref('lookout', 'scorecard_scores') }}
),

final as (
    select
        scores.*,
        case
            when not scores.is_evaluated and scores.learning_assets > scores.unevaluated_assets then 'learning'
            when not scores.is_evaluated then 'not evaluated'
            when scores.rule = 'overall' and scores.score < 60 then 'CRITICAL'
            when scores.rule = 'overall' and (scores.score < 75 or scores.unevaluated_assets > 0) then 'ATTENTION'
            when scores.rule = 'overall' then 'HEALTHY'
            when scores.score = 100 and scores.unevaluated_assets > 0 then 'partly evaluated'
            when scores.score = 100 and scores.learning_assets > 0 and scores.rule <> 'contracts' then 'partly evaluated'
            when scores.rule in ('reliability', 'penalties') then case
                when scores.score >= 90 and scores.critical_alerts + scores.warning_alerts = 0 then 'Excellent'
                when scores.score >= 75 then 'Good'
                when scores.score >= 60 then 'Fair'
                else 'Poor'
            end
            when scores.score = 100 and scores.rule = 'contracts' and scores.unevaluated_contracts > 0 then 'partly evaluated'
            when scores.score = 100 then words.good
            when scores.is_minor then words.minor
            else words.bad
        end as status
    from scores
    left join words on scores.kind = words.kind
)

select
    scope,
    connection,
    name,
    score,
    status,
    {%- for measure in lookout.scorecard_measures() %}
    {{ measure }},
    {%- endfor %}
    last_evaluated_at,
    {{ lookout.as_of() }} as as_of
from final
