{{ config(materialized='ephemeral') }}

-- Failing dbt tests are alerts of their own, and what could not be evaluated is in candidate_unevaluated_assets.
with violations as (
    select
        *,
        failing_rows is not null as is_about_rows
    from {{ ref('lookout', 'contract_violations') }}
    where found_by <> 'dbt test' and violation_type <> 'CONTRACT_NOT_EVALUATED'
),

final as (
    select
        'CONTRACT_VIOLATION' as alert_type,
        severity,
        connection,
        asset,
        column_name,
        case when rule in ('structure', 'dbt contract') then lower(violation_type) else rule end as metric,
        owner,
        layer,
        first_seen_at as window_start,
        as_of as window_end,
        failing_rows as observed_value,
        case when is_about_rows then 0 end as expected_value,
        concat('expected ', expected, ', found ', actual) as reason,
        concat(
            case violation_type
                when 'MISSING_REQUIRED_FIELD' then case when column_name = '' then 'the table is gone' else 'a promised column is missing' end
                when 'UNEXPECTED_FIELD' then 'a column that nobody promised'
                when 'TYPE_CHANGED' then 'a column changed its type'
                when 'TYPE_MISMATCH' then 'values of another type'
                when 'NULLABILITY_VIOLATION' then 'nulls where none are allowed'
                else 'a rule of the contract is broken'
            end,
            case
                when is_about_rows
                    then concat(' in ', {{ lookout.human_count('failing_rows') }}, ' of ', {{ lookout.human_count('total_rows') }}, ' rows')
            end
        ) as description,
        true as is_open,
        as_of as seen_at
    from violations
)

{{ lookout.cast_to_contract(model, 'final', absent=['lower_bound', 'upper_bound', 'score', 'series_key']) }}
