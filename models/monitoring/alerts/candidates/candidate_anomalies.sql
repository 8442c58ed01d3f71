{{ config(materialized='ephemeral') }}

with worst as (
    select * from {{ ref('lookout', 'alerting_episodes') }}
),

monitors as (
    select * from {{ ref('lookout', 'monitors') }}
),

asset_status as (
    select * from {{ ref('lookout', 'asset_status') }}
),

final as (
    select
        case
            when {{ lookout.is_of_pipeline('monitors') }} then 'PIPELINE_ANOMALY'
            when monitors.metric = 'row_count' then 'VOLUME_ANOMALY'
            when monitors.metric = 'freshness' then 'STALE_DATA_FLOW'
            else 'METRIC_ANOMALY'
        end as alert_type,
        case when worst.is_critical then 'critical' else 'warning' end as severity,
        monitors.connection,
        monitors.asset,
        monitors.column_name,
        monitors.metric,
        monitors.owner,
        monitors.layer,
        worst.series_key,
        worst.window_start,
        worst.window_end,
        worst.observed_value,
        worst.expected_value,
        worst.lower_bound,
        worst.upper_bound,
        worst.score,
        worst.reason,
        concat(
            monitors.metric,
            case when monitors.column_name <> '' then concat(' of ', monitors.column_name) end,
            ' was ', {{ lookout.human_value('worst.observed_value', 'monitors.metric', 'monitors.kind') }},
            case
                when worst.expected_value is not null
                    then concat(
                        ', expected about ',
                        {{ lookout.human_value('worst.expected_value', 'monitors.metric', 'monitors.kind') }}
                    )
            end,
            case when worst.bucket_count > 1 then concat(', ', worst.bucket_count, ' ', monitors.grain, 's long') end
        ) as description,
        worst.is_open,
        coalesce(asset_status.evaluated_at, worst.learned_at) as seen_at
    from worst
    inner join monitors on worst.series_key = monitors.series_key
    left join asset_status on monitors.connection = asset_status.connection and monitors.asset = asset_status.asset
    -- Where a freshness limit is set, it replaces the learned baseline.
    where not (monitors.metric = 'freshness' and coalesce(monitors.warn_after_seconds, monitors.error_after_seconds) is not null)
)

{{ lookout.cast_to_contract(model, 'final') }}
