{{ config(materialized='table', indexes=[{'columns': ['violation_key'], 'unique': true}, {'columns': ['connection', 'asset']}]) }}

with contracts as (
    select * from {{ ref('lookout', 'contracts') }}
    where is_active
),

check_results as (
    select * from {{ ref('lookout', 'contract_check_results') }}
),

build_failures as (
    select * from {{ ref('lookout', 'contract_build_failures') }}
),

unbuilt_assets as (
    select distinct connection, asset from build_failures
),

-- A table that is missing because dbt would not build it has one cause, and that is reported by by_build.
by_lookout as (
    select
        check_results.violation_key, check_results.connection, check_results.asset, check_results.column_name,
        check_results.violation_type, check_results.rule, check_results.expected, check_results.actual,
        check_results.failing_rows, check_results.total_rows, check_results.severity, check_results.example_keys,
        check_results.first_seen_at, check_results.as_of,
        'lookout' as found_by
    from check_results
    left join unbuilt_assets
        on
            check_results.connection = unbuilt_assets.connection
            and check_results.asset = unbuilt_assets.asset
            and check_results.violation_type = 'MISSING_REQUIRED_FIELD'
            and check_results.column_name = ''
    where unbuilt_assets.asset is null
),

-- A dbt test of a table under contract is a rule of it too; what the contract checks scanned is not reported twice.
by_test as (
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
        case when test_results.status = 'warn' then 'warning' else 'critical' end as severity,
        '[]' as example_keys,
        test_results.failing_since as first_seen_at,
        test_results.executed_at as as_of,
        'dbt test' as found_by
    from {{ ref('lookout', 'failing_test_results') }} as test_results
    left join check_results on test_results.node_id = check_results.rule
    where test_results.resource_type = 'test' and check_results.rule is null
),

by_build as (
    select
        md5(concat('build:', node_id, ':', column_name, ':', violation_type)) as violation_key,
        connection, asset, column_name, violation_type,
        'dbt contract' as rule,
        expected, actual,
        cast(null as bigint) as failing_rows,
        cast(null as bigint) as total_rows,
        'critical' as severity,
        '[]' as example_keys,
        first_seen_at,
        executed_at as as_of,
        'dbt build' as found_by
    from build_failures
),

found as (
    select * from by_lookout
    union all
    select * from by_test
    union all
    select distinct on (violation_key) * from by_build
),

final as (
    select
        found.violation_key,
        contracts.name as contract,
        found.connection,
        found.asset,
        found.column_name,
        found.violation_type,
        found.rule,
        found.expected,
        found.actual,
        found.failing_rows,
        found.total_rows,
        found.severity,
        found.example_keys,
        found.found_by,
        contracts.owner,
        contracts.layer,
        found.first_seen_at,
        found.as_of
    from found
    inner join contracts on found.connection = contracts.connection and found.asset = contracts.asset
)

{{ lookout.cast_to_contract(model, 'final') }}
