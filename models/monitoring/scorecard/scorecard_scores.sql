{{ config(materialized='ephemeral') }}

with scorecard_counts as (
    select * from {{ ref('lookout', 'scorecard_counts') }}
),

-- Up to so many alerts are minor; more take so many points off each.
components (rule, minor_up_to, minor_score, points_off) as (
    values
    -- One or two anomalies of a batch layer are minor.
    ('batch', 2, 75, 20),
    -- A stale change feed has an effect at once: one alert is minor, more are not.
    ('cdc', 1, 80, 25),
    ('contracts', 3, 85, 15)
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
        monitored_count - unevaluated_assets - learning_assets as evaluated_count,
        tests_passed + tests_failed as test_count
    from scorecard_counts
),

-- What was not evaluated has no score; an open alert or a test result is an evaluation, too.
evaluated as (
    select
        *,
        case when rule = 'contracts' then contract_alerts else data_alerts end as component_alerts,
        case rule
            when 'reliability' then true
            when 'overall' then evaluated_count + alert_count + test_count > 0
            when 'contracts' then contract_count - unevaluated_contracts + contract_alerts > 0
            when 'penalties' then unevaluated_assets = 0
                and (alert_count > 0 or evaluated_count > 0 or (monitored_count = 0 and test_count > 0))
            else evaluated_count > 0 or (monitored_count = 0 and data_alerts > 0)
        end as is_evaluated
    from ruled
),

scored as (
    select
        evaluated.*,
        coalesce(component_alerts <= components.minor_up_to, false) as is_minor,
        case
            when not is_evaluated or evaluated.rule = 'overall' then null
            -- Half a point off for each per cent of critical alerts per learned series, and up to 20 for the number of alerts.
            when evaluated.rule = 'reliability' then greatest(
                0,
                case when baseline_count > 0 then greatest(0, 100 - critical_alerts * 50.0 / baseline_count) else 50 end
                - least(20, greatest(0, alert_count - 10) * 2)
            )
            -- Databases, tables and owners: with one warning still good, with one critical alert not.
            when evaluated.rule = 'penalties' then greatest(0, 100 - 40 * critical_alerts - 10 * warning_alerts)
            when component_alerts = 0 then 100
            when component_alerts <= components.minor_up_to then components.minor_score
            else greatest(0, 100 - components.points_off * component_alerts)
        end as exact_score
    from evaluated
    left join components on evaluated.rule = components.rule
),

-- The platform is as good as the worst of its four components.
final as (
    select
        *,
        cast(round(case
            when rule <> 'overall' then exact_score
            when is_evaluated then min(exact_score) filter (where scope = 'platform') over (partition by connection)
        end, 1) as double precision) as score
    from scored
)

select * from final
