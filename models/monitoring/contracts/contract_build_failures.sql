{{ config(materialized='ephemeral') }}

-- Models that dbt would not build because of their own contract, or that the database refused row by row.
with broken as (
    select * from {{ ref('lookout', 'failing_dbt_results') }}
    where not is_check and outcome = 'error'
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
        node_id, connection, asset, executed_at, failing_since as first_seen_at,
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
        node_id, connection, asset, executed_at, failing_since as first_seen_at,
        coalesce(substring(message from 'column "([^"]+)"'), '') as column_name,
        violation_type,
        'the constraints of the model' as expected,
        -- The detail holds the values of the row that failed.
        split_part(message, ' DETAIL:', 1) as actual
    from refusals
    where violation_type is not null
)

select * from final
