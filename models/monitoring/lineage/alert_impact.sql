{{ config(materialized='table', indexes=[{'columns': ['alert_key'], 'unique': true}]) }}

with alerts as (
    select
        *,
        alert_type like 'PIPELINE%' as is_pipeline
    from {{ ref('lookout', 'alerts') }}
),

places as (
    select * from {{ ref('lookout', 'alert_places') }}
),

causes as (
    select * from {{ ref('lookout', 'alert_causes') }}
),

closure as (
    select * from {{ ref('lookout', 'lineage_closure') }}
),

addresses as (
    select * from {{ ref('lookout', 'addresses') }}
),

-- What a pipeline writes to is downstream of the pipeline; a table is not downstream of itself.
reached as (
    select distinct places.connection, places.asset, places.is_pipeline, closure.target_address_id
    from places
    inner join closure on places.address_id = closure.source_address_id
    where closure.depth > 0 or places.is_pipeline
),

impact as (
    select
        reached.connection,
        reached.asset,
        reached.is_pipeline,
        array_agg(addresses.name order by addresses.name) filter (where addresses.address_type like 'dbt %') as models,
        array_agg(replace(addresses.name, 'exposure:', '') order by addresses.name)
            filter (where addresses.address_type = 'exposure') as exposures,
        array_agg(addresses.name order by addresses.name)
            filter (where addresses.address_type <> 'exposure' and addresses.address_type not like 'dbt %') as others,
        array_agg(distinct addresses.owner) filter (where addresses.owner <> '') as owners,
        cast(count(*) as integer) as downstream_count
    from reached
    inner join addresses on reached.target_address_id = addresses.address_id
    group by reached.connection, reached.asset, reached.is_pipeline
),

final as (
    select
        alerts.alert_key,
        coalesce(impact.downstream_count, 0) as downstream_count,
        coalesce(impact.models, cast('{}' as text[])) as downstream_models,
        coalesce(impact.exposures, cast('{}' as text[])) as downstream_exposures,
        coalesce(impact.others, cast('{}' as text[])) as downstream_others,
        coalesce(impact.owners, cast('{}' as text[])) as downstream_owners,
        causes.cause_alert_key,
        causes.root_alert_key as root_cause_alert_key
    from alerts
    left join impact
        on
            alerts.connection is not distinct from impact.connection
            and alerts.asset = impact.asset
            and alerts.is_pipeline = impact.is_pipeline
    left join causes on alerts.alert_key = causes.alert_key
)

select * from final
