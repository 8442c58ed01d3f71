{{ config(materialized='ephemeral') }}

with monitors as (
    select monitors.* from {{ ref('lookout', 'monitors') }} as monitors
    where monitors.is_active and not {{ lookout.is_of_pipeline('monitors') }}
),

baselines as (
    select * from {{ ref('lookout', 'baselines') }}
    where status = 'judged' and bucket_start < {{ lookout.as_of() }}
),

asset_status as (
    select *, status in ('ok', 'empty') as is_evaluated from {{ ref('lookout', 'asset_status') }}
),

contract_status as (
    select *, 'not_evaluated' not in (structure_status, values_status) as is_evaluated
    from {{ ref('lookout', 'contract_status') }}
),

-- Without Lookout's own tables and Elementary's, which need not be watched, described and tested.
assets as (
    select * from {{ ref('lookout', 'assets') }}
    where
        is_active
        and asset <> ''
        and not (node_id like 'model.lookout.%' and file_path like 'models/monitoring/%')
        and node_id not like 'model.elementary.%'
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

-- One index lookup for each series; the baselines themselves may be millions of rows.
watched_series as (
    select
        monitors.*,
        newest.bucket_start is not null as has_baseline
    from monitors
    left join lateral (
        select baselines.bucket_start from baselines
        where baselines.series_key = monitors.series_key
        order by baselines.bucket_start desc
        limit 1
    ) as newest on true
),

watched_assets as (
    select
        connection,
        asset,
        max(layer) as layer,
        max(owner) as owner,
        count(*) filter (where has_baseline) as baseline_count
    from watched_series
    group by connection, asset
),

described_assets as (
    select
        connection,
        asset,
        max(layer) as layer,
        max(owner) as owner,
        bool_or(has_description) as is_described,
        bool_or(test_count > 0) as is_tested
    from assets
    group by connection, asset
),

all_assets as (
    select
        coalesce(watched_assets.connection, described_assets.connection) as connection,
        coalesce(watched_assets.asset, described_assets.asset) as asset,
        coalesce(watched_assets.layer, described_assets.layer) as layer,
        coalesce(nullif(watched_assets.owner, ''), described_assets.owner) as owner,
        coalesce(watched_assets.baseline_count, 0) as baseline_count,
        watched_assets.asset is not null as is_watched,
        watched_assets.asset is not null and asset_status.is_evaluated is not true as is_unevaluated,
        coalesce(described_assets.is_described, false) as is_described,
        coalesce(described_assets.is_tested, false) as is_tested,
        case when watched_assets.asset is not null then asset_status.evaluated_at end as evaluated_at
    from watched_assets
    full join described_assets
        on watched_assets.connection = described_assets.connection and watched_assets.asset = described_assets.asset
    left join asset_status
        on watched_assets.connection = asset_status.connection and watched_assets.asset = asset_status.asset
),

-- One row per thing that counts: where it belongs, what it counts as, and how much.
measures as (
    select
        all_assets.connection, all_assets.asset, all_assets.layer, all_assets.owner,
        counted.measure, counted.amount, all_assets.evaluated_at
    from all_assets
    cross join lateral (
        values
        ('asset_count', 1),
        ('monitored_count', cast(all_assets.is_watched as integer)),
        ('unevaluated_assets', cast(all_assets.is_unevaluated as integer)),
        ('described_count', cast(all_assets.is_described as integer)),
        ('tested_count', cast(all_assets.is_tested as integer)),
        ('baseline_count', all_assets.baseline_count)
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
