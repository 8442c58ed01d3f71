{{ config(materialized='view') }}

with edges as (
    select * from {{ ref('lookout', 'address_lineage') }}
),

closure as (
    select * from {{ ref('lookout', 'lineage_closure') }}
),

addresses as (
    select * from {{ ref('lookout', 'addresses') }}
),

pipelines as (
    select * from {{ ref('lookout', 'pipelines') }}
),

-- An edge is part of a loop when its end leads back to its start; every address leads to itself in no step.
looping as materialized (
    select
        edges.*,
        closure.depth + 1 as loop_length
    from edges
    inner join closure
        on
            edges.target_address_id = closure.source_address_id
            and edges.source_address_id = closure.target_address_id
),

members as materialized (
    select distinct source_address_id as address_id from looping
),

-- Addresses that all lead to each other are one cycle, named by the first of them.
cycles as materialized (
    select
        members.address_id,
        min(others.address_id) as cycle_key
    from members
    inner join closure as there on members.address_id = there.source_address_id
    inner join members as others on there.target_address_id = others.address_id
    inner join closure as back
        on
            others.address_id = back.source_address_id
            and members.address_id = back.target_address_id
    group by members.address_id
),

final as (
    select
        cycles.cycle_key,
        cast(count(distinct looping.source_address_id) as integer) as address_count,
        min(looping.loop_length) as shortest_loop,
        array_agg(distinct addresses.name order by addresses.name) as address_names,
        array_agg(distinct coalesce(pipelines.name, nullif(targets.node_id, ''), looping.pipeline_id)) as pipeline_names
    from looping
    inner join cycles on looping.source_address_id = cycles.address_id
    inner join addresses on looping.source_address_id = addresses.address_id
    inner join addresses as targets on looping.target_address_id = targets.address_id
    left join pipelines on looping.pipeline_id = pipelines.pipeline_id
    group by cycles.cycle_key
)

select * from final
