{{ config(materialized='ephemeral') }}

with violations as (
    select * from {{ ref('lookout', 'violations_by_cause') }}
),

final as (
    select
        'CONTRACT_VIOLATION' as alert_type,
        severity,
        connection,
        asset,
        column_name,
        metric,
        owner,
        layer,
        first_seen_at as window_start,
        as_of as window_end,
        failing_rows as observed_value,
        case when failing_rows is not null then 0 end as expected_value,
        concat(case when is_group then concat(first_name, ': ') end, first_reason) as reason,
        concat(
            case when is_group then concat(violation_count, ' times ') end,
            case violation_type
                when 'MISSING_REQUIRED_FIELD' then case
                    when is_group or column_name <> '' then 'a promised column is missing'
                    else 'the table is gone'
                end
                when 'UNEXPECTED_FIELD' then 'a column that nobody promised'
                when 'TYPE_CHANGED' then 'a column changed its type'
                when 'TYPE_MISMATCH' then 'values of another type'
                when 'NULLABILITY_VIOLATION' then 'nulls where none are allowed'
                else 'a rule of the contract is broken'
            end,
            case
                when failing_rows is not null
                    then concat(
                        ' in ', case when is_group then 'up to ' end, {{ lookout.human_count('failing_rows') }},
                        ' of ', {{ lookout.human_count('total_rows') }}, ' rows'
                    )
            end,
            case when is_group then concat(': ', first_names, ' and ', violation_count - 3, ' others') end
        ) as description,
        true as is_open,
        as_of as seen_at
    from violations
)

{{ lookout.cast_to_contract(model, 'final', absent=['lower_bound', 'upper_bound', 'score', 'series_key']) }}
