{#-
    A seed is reloaded by truncating it, which PostgreSQL refuses while foreign keys point at the table. These two run
    before and after the reload, in its transaction: the first sets the keys aside, the second puts them back. A key
    that no longer holds (a row was removed that facts still use) fails the seed and rolls the reload back.
-#}
{% macro set_foreign_keys_aside(relation) %}
create temporary table if not exists foreign_keys_aside (tbl text, name text, definition text) on commit drop;
do $$
declare
    k record;
begin
    for k in
        select conrelid::regclass::text as tbl, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
        from pg_constraint
        where contype = 'f' and confrelid = to_regclass('{{ relation }}')
    loop
        insert into foreign_keys_aside select k.tbl, k.name, k.definition;
        execute format('alter table %s drop constraint %s', k.tbl, k.name);
    end loop;
end
$$;
{% endmacro %}

{% macro put_foreign_keys_back() %}
do $$
declare
    k record;
begin
    for k in select tbl, name, definition from foreign_keys_aside loop
        execute format('alter table %s add constraint %s %s', k.tbl, k.name, k.definition);
    end loop;
end
$$;
{% endmacro %}
