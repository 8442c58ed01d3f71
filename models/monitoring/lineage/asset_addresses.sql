{{ config(materialized='ephemeral') }}

with addresses as (
    select * from {{ ref('lookout', 'addresses') }}
    where is_active
),

assets as (
    select * from {{ ref('lookout', 'assets') }}
    where is_active
),

warehouses as (
    select distinct assets.connection, addresses.database_name
    from assets
    inner join addresses on assets.node_id = addresses.node_id
    where assets.resource_type <> 'source'
),

-- From dbt, else from the name of the address.
final as (
    select assets.connection, assets.asset, addresses.address_id
    from assets
    inner join addresses on assets.node_id = addresses.node_id
    union
    select warehouses.connection, addresses.name, addresses.address_id
    from warehouses
    cross join addresses
    union
    select warehouses.connection, concat(addresses.schema_name, '.', addresses.table_name), addresses.address_id
    from warehouses
    inner join addresses on warehouses.database_name = addresses.database_name
    union
    select split_part(name, ':', 1), substr(name, strpos(name, ':') + 1), address_id from addresses
    where strpos(name, ':') > 1
)

select * from final
