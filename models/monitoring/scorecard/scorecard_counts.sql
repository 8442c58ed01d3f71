{{ config(materialized='ephemeral') }}

with scorecard_assets as (
    select * from {{ ref('lookout', 'scorecard_assets') }}
),

contract_status as (
    select *, 'not_evaluated' not in (structure_status, values_status) as is_evaluated
    from {{ ref('lookout', 'contract_status') }}
),

open_alerts as (
    select alerts.*
    from {{ ref('lookout', 'alerts') }} as alerts
    inner join {{ ref('lookout', 'alert_states') }} as states on alerts.alert_key = states.alert_key
    where states.is_open and alerts.severity in ('critical', 'warning')
),

latest_results as (
    select distinct on (node_id) * from {{ ref('lookout', 'dbt_results') }}
    where
        resource_type in ('test', 'unit_test', 'source')
        and status <> 'skipped'
        and executed_at <= {{ lookout.as_of() }}
    order by node_id, executed_at desc, invocation_id
),

-- One row per thing that counts: where it belongs, what it counts as, and how much.
measures as (
    select
        scorecard_assets.connection, scorecard_assets.asset, scorecard_assets.layer, scorecard_assets.owner,
        counted.measure, counted.amount, scorecard_assets.evaluated_at
    from scorecard_assets
    cross join lateral (
        values
        ('asset_count', 1),
        ('monitored_count', cast(scorecard_assets.is_watched as integer)),
        ('unevaluated_assets', cast(scorecard_assets.is_unevaluated as integer)),
        ('described_count', cast(scorecard_assets.is_described as integer)),
        ('tested_count', cast(scorecard_assets.is_tested as integer)),
        ('baseline_count', scorecard_assets.baseline_count)
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
        case when status in ('fail', 'warn', 'error', 'runtime error') then 'tests_failed' else 'tests_passed' end as measure,
        1 as amount,
        executed_at as evaluated_at
    from latest_results
    where status in ('pass', 'success', 'fail', 'warn', 'error', 'runtime error')

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
),

-- Every measure counts for several rows of the scorecard. The four platform components are there even when empty.
placed as (
    select
        places.scope, places.connection, places.name,
        measures.measure, measures.amount, measures.evaluated_at
    from measures
    cross join lateral (
        values
        ('platform', '', 'Overall'),
        ('platform', '', 'Platform reliability'),
        ('platform', '', case when measures.layer = 'cdc' then 'CDC layer' when measures.asset <> '' then 'Batch layer' end),
        ('platform', '', 'Contract compliance'),
        ('layer', '', nullif(measures.layer, '')),
        ('connection', measures.connection, nullif(measures.connection, '')),
        ('asset', measures.connection, nullif(measures.asset, '')),
        ('owner', '', case when measures.asset <> '' then coalesce(nullif(measures.owner, ''), 'nobody named') end)
    ) as places (scope, connection, name)

    union all

    select 'platform', '', components.name, 'asset_count', 0, null
    from (
        values ('Overall'), ('Platform reliability'), ('Batch layer'), ('CDC layer'), ('Contract compliance')
    ) as components (name)
),

final as (
    select
        scope,
        connection,
        name,
        {%- for measure in lookout.scorecard_measures() %}
        coalesce(cast(sum(amount) filter (where measure = '{{ measure }}') as bigint), 0) as {{ measure }},
        {%- endfor %}
        max(evaluated_at) as last_evaluated_at
    from placed
    where name is not null
    group by scope, connection, name
)

select * from final
