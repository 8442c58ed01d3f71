{{ config(materialized='ephemeral') }}

with entries as (
    select * from {{ ref('lookout', 'scorecard_entries') }}
),

-- Every entry counts for several rows of the scorecard. The four platform components are there even when empty.
placed as (
    select
        places.scope, places.connection, places.name,
        entries.measure, entries.amount, entries.evaluated_at
    from entries
    cross join lateral (
        values
        ('platform', '', 'Overall'),
        ('platform', '', 'Platform reliability'),
        ('platform', '', case when entries.layer = 'cdc' then 'CDC layer' when entries.asset <> '' then 'Batch layer' end),
        ('platform', '', 'Contract compliance'),
        ('layer', '', nullif(entries.layer, '')),
        ('connection', entries.connection, nullif(entries.connection, '')),
        ('asset', entries.connection, nullif(entries.asset, '')),
        ('owner', '', case when entries.asset <> '' then coalesce(nullif(entries.owner, ''), 'nobody named') end)
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
