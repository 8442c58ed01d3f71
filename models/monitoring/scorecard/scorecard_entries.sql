{{ config(materialized='ephemeral') }}

with assets as (
    select * from {{ ref('lookout', 'scorecard_assets') }}
),

contract_status as (
    select
        *,
        'not_evaluated' not in (structure_status, values_status) as is_evaluated
    from {{ ref('lookout', 'contract_status') }}
),

open_alerts as (
    select * from {{ ref('lookout', 'open_alerts') }}
),

latest_results as (
    select distinct on (node_id) * from {{ ref('lookout', 'dbt_results') }}
    where
        resource_type in ('test', 'unit_test', 'source')
        and outcome <> 'none'
        and executed_at <= {{ lookout.horizon() }}
    order by node_id, executed_at desc, finished_at desc nulls last, invocation_id
),

final as (
    select
        assets.connection, assets.asset, assets.layer, assets.owner,
        counted.measure, counted.amount, assets.evaluated_at
    from assets
    cross join lateral (
        values
        ('asset_count', 1),
        ('monitored_count', cast(assets.is_watched as integer)),
        ('unevaluated_assets', cast(assets.state = 'not evaluated' as integer)),
        ('learning_assets', cast(assets.state = 'learning' as integer)),
        ('described_count', cast(assets.is_described as integer)),
        ('tested_count', cast(assets.is_tested as integer)),
        ('baseline_count', assets.baseline_count)
    ) as counted (measure, amount)
    where counted.amount > 0

    union all

    select
        open_alerts.connection, open_alerts.asset, open_alerts.layer, open_alerts.owner,
        counted.measure, 1 as amount, null as evaluated_at
    from open_alerts
    cross join lateral (
        values
        (concat(open_alerts.severity, '_alerts')),
        (
            case
                when open_alerts.alert_type = 'VOLUME_ANOMALY' then 'volume_alerts'
                when open_alerts.alert_type = 'STALE_DATA_FLOW' then 'freshness_alerts'
                when open_alerts.alert_type = 'METRIC_ANOMALY' then 'metric_alerts'
                when open_alerts.alert_type = 'CONTRACT_VIOLATION' then 'contract_alerts'
                when open_alerts.alert_type = 'TEST_FAILURE' then 'test_alerts'
                when open_alerts.alert_type like 'PIPELINE%' then 'pipeline_alerts'
                else 'source_alerts'
            end
        )
    ) as counted (measure)

    union all

    select
        connection, asset, layer, owner,
        case when outcome = 'passed' then 'tests_passed' else 'tests_failed' end as measure,
        1 as amount,
        executed_at as evaluated_at
    from latest_results
    where outcome <> 'removed'

    union all

    select
        contract_status.connection, contract_status.asset, contract_status.layer, contract_status.owner,
        counted.measure, 1 as amount, contract_status.evaluated_at
    from contract_status
    cross join lateral (
        values
        ('contract_count'),
        (case when not contract_status.is_evaluated then 'unevaluated_contracts' end)
    ) as counted (measure)
    where counted.measure is not null
)

select * from final
