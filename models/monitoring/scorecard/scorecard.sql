{{ config(materialized='table', indexes=[{'columns': ['scope', 'connection', 'name'], 'unique': true}]) }}

with scorecard_counts as (
    select * from {{ ref('lookout', 'scorecard_counts') }}
),

ruled as (
    select
        *,
        case
            when scope = 'platform' and name = 'Overall' then 'overall'
            when scope = 'platform' and name = 'Platform reliability' then 'reliability'
            when scope = 'platform' and name = 'Contract compliance' then 'contracts'
            when (scope = 'platform' and name = 'CDC layer') or (scope = 'layer' and name = 'cdc') then 'cdc'
            when scope in ('platform', 'layer') then 'batch'
            else 'penalties'
        end as rule,
        critical_alerts + warning_alerts as alert_count,
        volume_alerts + freshness_alerts + metric_alerts as data_alerts,
        monitored_count - unevaluated_assets as evaluated_count,
        tests_passed + tests_failed as test_count
    from scorecard_counts
),

-- What was not evaluated has no score; an open alert or a test result is an evaluation, too.
evaluated as (
    select
        *,
        case rule
            when 'reliability' then true
            when 'overall' then evaluated_count + alert_count + test_count > 0
            when 'contracts' then contract_count - unevaluated_contracts + contract_alerts > 0
            when 'penalties' then unevaluated_assets = 0 and monitored_count + alert_count + test_count > 0
            else evaluated_count > 0 or (monitored_count = 0 and data_alerts > 0)
        end as is_evaluated
    from ruled
),

scored as (
    select
        *,
        case
            when not is_evaluated or rule = 'overall' then null
            -- Half a point off for each per cent of critical alerts per learned series, and up to 20 for the number of alerts.
            when rule = 'reliability' then greatest(
                0,
                case when baseline_count > 0 then greatest(0, 100 - critical_alerts * 50.0 / baseline_count) else 50 end
                - least(20, greatest(0, alert_count - 10) * 2)
            )
            -- One or two anomalies of a batch layer are minor.
            when rule = 'batch' then case
                when data_alerts = 0 then 100
                when data_alerts <= 2 then 75
                else greatest(0, 100 - 20 * data_alerts)
            end
            -- A stale change feed has an effect at once: one alert is minor, more are not.
            when rule = 'cdc' then case
                when data_alerts = 0 then 100
                when data_alerts = 1 then 80
                else greatest(0, 100 - 25 * data_alerts)
            end
            -- Up to three broken contracts are minor.
            when rule = 'contracts' then case
                when contract_alerts = 0 then 100
                when contract_alerts <= 3 then 85
                else greatest(0, 100 - 15 * contract_alerts)
            end
            -- Databases, tables and owners: with one warning still good, with one critical alert not.
            else greatest(0, 100 - 40 * critical_alerts - 10 * warning_alerts)
        end as exact_score
    from evaluated
),

-- The platform is as good as the worst of its four components.
combined as (
    select
        *,
        case
            when not is_evaluated then null
            when rule = 'overall' then cast(
                round(min(exact_score) filter (where scope = 'platform') over (partition by connection), 1) as double precision
            )
            else cast(round(exact_score, 1) as double precision)
        end as score
    from scored
),

final as (
    select
        *,
        case
            when not is_evaluated then 'not evaluated'
            when rule = 'overall' then case
                when score < 60 then 'CRITICAL'
                when score < 75 or unevaluated_assets > 0 then 'ATTENTION'
                else 'HEALTHY'
            end
            when rule in ('reliability', 'penalties') then {{ lookout.reliability_status('score') }}
            when score = 100 and unevaluated_assets > 0 then 'partly evaluated'
            when rule in ('batch', 'cdc') and data_alerts = 0 then 'Healthy'
            when rule = 'batch' then case when data_alerts <= 2 then 'Minor Anomaly' else 'Anomaly' end
            when rule = 'cdc' then case when data_alerts = 1 then 'Minor Staleness' else 'Stale' end
            when contract_alerts = 0 and unevaluated_contracts > 0 then 'partly evaluated'
            when contract_alerts = 0 then 'Compliant'
            when contract_alerts <= 3 then 'Minor Violation'
            else 'Violated'
        end as status
    from combined
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
