{{ config(materialized='table', indexes=[{'columns': ['scope', 'connection', 'name'], 'unique': true}]) }}

with words (rule, good, minor, bad) as (
    values
    ('batch', 'Healthy', 'Minor Anomaly', 'Anomaly'),
    ('cdc', 'Healthy', 'Minor Staleness', 'Stale'),
    ('contracts', 'Compliant', 'Minor Violation', 'Violated')
),

final as (
    select
        scores.*,
        case
            when not scores.is_evaluated then 'not evaluated'
            when scores.rule = 'overall' and scores.score < 60 then 'CRITICAL'
            when scores.rule = 'overall' and (scores.score < 75 or scores.unevaluated_assets > 0) then 'ATTENTION'
            when scores.rule = 'overall' then 'HEALTHY'
            when scores.rule in ('reliability', 'penalties') then case
                when scores.score >= 90 then 'Excellent'
                when scores.score >= 75 then 'Good'
                when scores.score >= 60 then 'Fair'
                else 'Poor'
            end
            when scores.score = 100 and scores.unevaluated_assets > 0 then 'partly evaluated'
            when scores.score = 100 and scores.rule = 'contracts' and scores.unevaluated_contracts > 0 then 'partly evaluated'
            when scores.score = 100 then words.good
            when scores.is_minor then words.minor
            else words.bad
        end as status
    from {{ ref('lookout', 'scorecard_scores') }} as scores
    left join words on scores.rule = words.rule
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
