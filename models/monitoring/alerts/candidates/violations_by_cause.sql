{{ config(materialized='ephemeral') }}

-- Failing dbt tests are alerts of their own, and what could not be evaluated is in candidate_unevaluated_assets.
with violations as (
    select
        *,
        coalesce(nullif(column_name, ''), rule) as name,
        case when rule in ('structure', 'dbt contract') then lower(violation_type) else rule end as metric,
        count(*) over same_cause > 5 as is_group,
        row_number() over (same_cause order by column_name, rule, violation_key) as position
    from {{ ref('lookout', 'contract_violations') }}
    where found_by <> 'dbt test' and violation_type <> 'CONTRACT_NOT_EVALUATED'
    window same_cause as (partition by connection, asset, violation_type, first_seen_at)
),

final as (
    select
        connection, asset, violation_type, first_seen_at, is_group,
        case when is_group then '' else min(column_name) end as column_name,
        case when is_group then lower(violation_type) else min(metric) end as metric,
        min(severity) as severity,
        max(owner) as owner,
        max(layer) as layer,
        max(as_of) as as_of,
        max(failing_rows) as failing_rows,
        max(total_rows) as total_rows,
        count(*) as violation_count,
        string_agg(name, ', ' order by position) filter (where position <= 3) as first_names,
        (array_agg(name order by position))[1] as first_name,
        (array_agg(concat('expected ', expected, ', found ', actual) order by position))[1] as first_reason
    from violations
    group by connection, asset, violation_type, first_seen_at, is_group, case when not is_group then violation_key end
)

select * from final
