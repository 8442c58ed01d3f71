{{ config(materialized='view') }}

with contracts as (
    select * from {{ ref('lookout', 'contracts') }}
    where is_active
),

checks as (
    select
        *,
        'not_evaluated' not in (structure_status, values_status) as is_evaluated
    from {{ ref('lookout', 'contract_checks') }}
    where as_of <= {{ lookout.as_of() }}
),

ranked as (
    select
        *,
        row_number() over (partition by connection, asset order by as_of desc) as recency,
        max(as_of) filter (where is_evaluated) over (partition by connection, asset) as evaluated_at,
        row_number() over (partition by connection, asset, values_status = 'none' order by as_of desc) as values_recency
    from checks
),

-- A check of the structure alone keeps the result of the last check of rows.
latest as (
    select
        ranked.*,
        valued.values_status as last_values_status,
        valued.total_rows as last_total_rows,
        valued.checked_rows as last_checked_rows,
        valued.invalid_rows as last_invalid_rows
    from ranked
    left join ranked as valued
        on
            ranked.connection = valued.connection
            and ranked.asset = valued.asset
            and valued.values_status <> 'none'
            and valued.values_recency = 1
    where ranked.recency = 1
),

final as (
    select
        contracts.connection,
        contracts.asset,
        contracts.name,
        contracts.node_id,
        contracts.mode,
        contracts.version_number,
        contracts.rule_count,
        contracts.owner,
        contracts.layer,
        latest.as_of as looked_at,
        coalesce(latest.structure_status, 'not_evaluated') as structure_status,
        coalesce(latest.last_values_status, case when contracts.rule_count > 0 then 'not_evaluated' else 'none' end)
            as values_status,
        latest.evaluated_at,
        coalesce(latest.message, 'not checked yet: run `lookout run` or `lookout contracts`') as message,
        latest.last_total_rows as total_rows,
        latest.last_checked_rows as checked_rows,
        latest.last_invalid_rows as invalid_rows
    from contracts
    left join latest on contracts.connection = latest.connection and contracts.asset = latest.asset
)

select * from final
