{{ config(materialized='ephemeral') }}

-- Models that dbt would not build because of their own contract, or that the database refused row by row.
with results as (
    select * from {{ ref('lookout', 'dbt_results') }}
    where resource_type in ('model', 'seed', 'snapshot') and status <> 'skipped' and executed_at <= {{ lookout.as_of() }}
),

ranked as (
    select
        *,
        row_number() over (partition by node_id order by executed_at desc, invocation_id) as recency,
        max(executed_at) filter (where status <> 'error') over (partition by node_id) as built_at
    from results
),

streaks as (
    select
        node_id,
        min(executed_at) as first_seen_at
    from ranked
    where {{ lookout.is_in_streak('executed_at', 'built_at') }}
    group by node_id
),

broken as (
    select
        ranked.*,
        streaks.first_seen_at
    from ranked
    inner join streaks on ranked.node_id = streaks.node_id
    where ranked.recency = 1 and ranked.status = 'error'
),

-- dbt prints one line per column: | name | type of the model | type of the contract | what is wrong |
disagreements as (
    select
        broken.*,
        line.parts[1] as disputed_column,
        line.parts[2] as actual_type,
        line.parts[3] as promised_type,
        line.parts[4] as mismatch
    from broken
    cross join lateral regexp_matches(
        broken.message,
        '\| ([^|]*[^| ]) +\| ([^|]*?) *\| ([^|]*?) *\| (data type mismatch|missing in contract|missing in definition) *\|',
        'g'
    ) as line (parts)
    where broken.message like '%enforced contract%'
),

disputed_nodes as (
    select distinct node_id from disagreements
),

refusals as (
    select
        broken.*,
        case
            when message like '%violates not-null constraint%' then 'NULLABILITY_VIOLATION'
            when message ~ 'violates (check|unique|foreign key|exclusion) constraint' then 'CONSTRAINT_VIOLATION'
            when message like '%enforced contract%' then 'TYPE_MISMATCH'
        end as violation_type
    from broken
    left join disputed_nodes on broken.node_id = disputed_nodes.node_id
    where disputed_nodes.node_id is null
),

final as (
    select
        node_id, name, connection, asset, owner, layer, executed_at, first_seen_at,
        disputed_column as column_name,
        case mismatch
            when 'data type mismatch' then 'TYPE_CHANGED'
            when 'missing in contract' then 'UNEXPECTED_FIELD'
            else 'MISSING_REQUIRED_FIELD'
        end as violation_type,
        case when mismatch = 'missing in contract' then 'no such column' else promised_type end as expected,
        case when mismatch = 'missing in definition' then 'no such column' else actual_type end as actual
    from disagreements

    union all

    select
        node_id, name, connection, asset, owner, layer, executed_at, first_seen_at,
        coalesce(substring(message from 'column "([^"]+)"'), '') as column_name,
        violation_type,
        'the constraints of the model' as expected,
        -- The detail holds the values of the row that failed.
        split_part(message, ' DETAIL:', 1) as actual
    from refusals
    where violation_type is not null
)

select * from final
