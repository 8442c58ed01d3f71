with wanted as (
    select * from unnest(%(schemas)s::text[], %(tables)s::text[]) as wanted (schema_name, table_name)
)

select
    wanted.schema_name,
    wanted.table_name,
    pg_namespace.oid is not null as schema_exists,
    coalesce(has_schema_privilege(pg_namespace.oid, 'usage'), false) as is_usable,
    pg_class.relkind::text,
    array_agg(pg_attribute.attname::text order by pg_attribute.attnum) as column_names,
    array_agg(coalesce(base.typname, pg_type.typname)::text order by pg_attribute.attnum) as column_types,
    array_agg(
        has_column_privilege(pg_class.oid, pg_attribute.attnum, 'select') order by pg_attribute.attnum
    ) as readable
from wanted
left join pg_catalog.pg_namespace on pg_namespace.nspname = wanted.schema_name
left join pg_catalog.pg_class
    on pg_class.relnamespace = pg_namespace.oid
    and pg_class.relname = wanted.table_name
left join pg_catalog.pg_attribute
    on pg_attribute.attrelid = pg_class.oid
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
left join pg_catalog.pg_type on pg_type.oid = pg_attribute.atttypid
left join pg_catalog.pg_type as base on base.oid = nullif(pg_type.typbasetype, 0)
group by 1, 2, 3, 4, 5
