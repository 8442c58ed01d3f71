{{ config(materialized='ephemeral') }}

with check_results as (
    select * from {{ ref('lookout', 'contract_check_results') }}
),

-- What the contract checks scanned themselves is not reported twice.
final as (
    select
        md5(concat('test:', test_results.node_id)) as violation_key,
        test_results.connection,
        test_results.asset,
        test_results.column_name,
        case
            when test_results.test_name like '%not_null' or test_results.test_name like '%to_not_be_null'
                then 'NULLABILITY_VIOLATION'
            else 'CONSTRAINT_VIOLATION'
        end as violation_type,
        test_results.node_id as rule,
        concat('dbt test ', test_results.name, ' passes') as expected,
        test_results.message as actual,
        test_results.failures as failing_rows,
        cast(null as bigint) as total_rows,
        case when test_results.outcome = 'warned' then 'warning' else 'critical' end as severity,
        '[]' as example_keys,
        test_results.failing_since as first_seen_at,
        test_results.executed_at as as_of,
        'dbt test' as found_by
    from {{ ref('lookout', 'failing_dbt_results') }} as test_results
    left join check_results on test_results.node_id = check_results.rule
    where test_results.resource_type = 'test' and check_results.rule is null
)

select * from final
