with recursive wanted as (
    select * from unnest(%(schemas)s::text[], %(tables)s::text[]) as wanted (schema_name, table_name)
),

relations as (
    select
        wanted.schema_name,
        wanted.table_name,
        pg_namespace.oid as schema_id,
        pg_class.oid as relation_id,
        pg_class.relkind::text as kind
    from wanted
    left join pg_catalog.pg_namespace on pg_namespace.nspname = wanted.schema_name
    left join pg_catalog.pg_class
        on pg_class.relnamespace = pg_namespace.oid
        and pg_class.relname = wanted.table_name
),

domains (domain_id, type_id, modifier, is_not_null) as (
    select oid, typbasetype, typtypmod, typnotnull
    from pg_catalog.pg_type
    where typtype = 'd'
    union all
    select domains.domain_id, pg_type.typbasetype, pg_type.typtypmod, domains.is_not_null or pg_type.typnotnull
    from domains
    inner join pg_catalog.pg_type on pg_type.oid = domains.type_id
    where pg_type.typtype = 'd'
),

base_types as (
    select domains.*, pg_type.typname
    from domains
    inner join pg_catalog.pg_type on pg_type.oid = domains.type_id
    where pg_type.typtype <> 'd'
),

domain_nulls as (
    select domain_id, bool_or(is_not_null) as is_not_null
    from domains
    group by domain_id
),

unproven as (
    select conrelid, unnest(conkey) as attnum
    from pg_catalog.pg_constraint
    where contype = 'n' and not convalidated
),

columns as (
    select
        relations.relation_id,
        array_agg(pg_attribute.attname::text order by pg_attribute.attnum) as names,
        array_agg(
            pg_catalog.format_type(pg_attribute.atttypid, pg_attribute.atttypmod) order by pg_attribute.attnum
        ) as types,
        array_agg(coalesce(base_types.typname, pg_type.typname)::text order by pg_attribute.attnum) as base_types,
        array_agg(
            coalesce(pg_catalog.format_type(base_types.type_id, base_types.modifier), '') order by pg_attribute.attnum
        ) as domain_types,
        array_agg(pg_type.typcategory::text order by pg_attribute.attnum) as categories,
        array_agg(
            not coalesce(domain_nulls.is_not_null, false)
            and (not pg_attribute.attnotnull or unproven.attnum is not null)
            order by pg_attribute.attnum
        ) as nullable,
        array_agg(
            has_column_privilege(relations.relation_id, pg_attribute.attnum, 'select') order by pg_attribute.attnum
        ) as readable
    from relations
    inner join pg_catalog.pg_attribute
        on pg_attribute.attrelid = relations.relation_id
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
    inner join pg_catalog.pg_type on pg_type.oid = pg_attribute.atttypid
    left join base_types on base_types.domain_id = pg_type.oid
    left join domain_nulls on domain_nulls.domain_id = pg_type.oid
    left join unproven
        on unproven.conrelid = pg_attribute.attrelid
        and unproven.attnum = pg_attribute.attnum
    where relations.kind in ('r', 'p', 'v', 'm', 'f')
    group by relations.relation_id
),

key_columns as (
    select
        relations.relation_id,
        pg_index.indexrelid,
        pg_index.indisprimary as is_primary,
        array_agg(pg_attribute.attname::text order by pg_attribute.attnum) as names
    from relations
    inner join pg_catalog.pg_index
        on pg_index.indrelid = relations.relation_id
        and pg_index.indisunique
        and pg_index.indisvalid
        and pg_index.indpred is null
        and pg_index.indexprs is null
    cross join unnest(pg_index.indkey::int2[]) with ordinality as part (attnum, position)
    inner join pg_catalog.pg_attribute
        on pg_attribute.attrelid = relations.relation_id
        and pg_attribute.attnum = part.attnum
    -- Columns that an index merely includes are not part of its key.
    where part.position <= pg_index.indnkeyatts
    group by relations.relation_id, pg_index.indexrelid, pg_index.indisprimary
),

keys as (
    select
        relation_id,
        json_agg(names) as names,
        json_agg(names) filter (where is_primary) -> 0 as primary_key
    from key_columns
    group by relation_id
)

select
    relations.schema_name,
    relations.table_name,
    relations.kind,
    relations.schema_id is not null as schema_exists,
    coalesce(has_schema_privilege(relations.schema_id, 'usage'), false) as is_usable,
    columns.names,
    columns.types,
    columns.base_types,
    columns.nullable,
    columns.readable,
    columns.domain_types,
    columns.categories,
    keys.names as unique_keys,
    keys.primary_key
from relations
left join columns on columns.relation_id = relations.relation_id
left join keys on keys.relation_id = relations.relation_id
