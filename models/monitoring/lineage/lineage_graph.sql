{{ config(materialized='view') }}

with closure as (
    select * from {{ ref('lookout', 'lineage_closure') }}
    where depth > 0
),

edges as (
    select * from {{ ref('lookout', 'address_lineage') }}
),

pipelines as (
    select * from {{ ref('lookout', 'pipelines') }}
),

address_types as (
    select * from {{ ref('lookout', 'address_types') }}
),

addresses as (
    select
        addresses.*,
        address_types.group_name
    from {{ ref('lookout', 'addresses') }} as addresses
    left join address_types on addresses.address_type = address_types.name
),

final as (
    select
        closure.source_address_id,
        upstream.name as source_name,
        upstream.address_type as source_type,
        upstream.group_name as source_group,
        upstream.owner as source_owner,
        upstream.address_metadata as source_metadata,
        closure.target_address_id,
        downstream.name as target_name,
        downstream.address_type as target_type,
        downstream.group_name as target_group,
        downstream.owner as target_owner,
        downstream.address_metadata as target_metadata,
        closure.depth,
        edges.pipeline_id,
        -- A dbt node that never ran, such as an exposure, is no pipeline yet.
        case when edges.pipeline_id is not null then coalesce(pipelines.name, nullif(downstream.node_id, '')) end
            as pipeline_name,
        pipelines.pipeline_type,
        pipelines.pipeline_metadata,
        pipelines.active as pipeline_active
    from closure
    inner join addresses as upstream on closure.source_address_id = upstream.address_id
    inner join addresses as downstream on closure.target_address_id = downstream.address_id
    left join edges
        on
            closure.source_address_id = edges.source_address_id
            and closure.target_address_id = edges.target_address_id
    left join pipelines on edges.pipeline_id = pipelines.pipeline_id
)

select * from final
