{{ config(materialized='ephemeral') }}

with alerts as (
    select * from {{ ref('lookout', 'alerts') }}
),

addresses as (
    select * from {{ ref('lookout', 'addresses') }}
    where is_active
),

places as (
    select * from {{ ref('lookout', 'asset_addresses') }}
),

-- What a pipeline writes to: its own declarations, or the table of its dbt node.
outputs as (
    select pipelines.name, edges.target_address_id as address_id
    from {{ ref('lookout', 'pipelines') }} as pipelines
    inner join {{ ref('lookout', 'address_lineage') }} as edges on pipelines.pipeline_id = edges.pipeline_id
    union
    select pipelines.name, addresses.address_id
    from {{ ref('lookout', 'pipelines') }} as pipelines
    inner join addresses on pipelines.node_id = addresses.node_id
    where pipelines.node_id <> ''
),

subjects as (
    select distinct connection, asset, alert_type like 'PIPELINE%' as is_pipeline from alerts
),

final as (
    select subjects.connection, subjects.asset, subjects.is_pipeline, places.address_id
    from subjects
    -- The alert of a dbt node carries the node's table, like an alert about the table itself.
    inner join places on subjects.connection = places.connection and subjects.asset = places.asset
    where subjects.asset <> ''
    union
    -- An alert without an asset is about everything that its connection holds.
    select subjects.connection, subjects.asset, subjects.is_pipeline, places.address_id
    from subjects
    inner join places on subjects.connection = places.connection
    where not subjects.is_pipeline and subjects.asset = ''
    union
    select subjects.connection, subjects.asset, subjects.is_pipeline, outputs.address_id
    from subjects
    inner join outputs on subjects.asset = outputs.name
    where subjects.is_pipeline
)

select * from final
