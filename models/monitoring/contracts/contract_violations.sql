{{ config(materialized='table', indexes=[{'columns': ['violation_key'], 'unique': true}, {'columns': ['connection', 'asset']}]) }}

with contracts as (
    select * from {{ ref('lookout', 'contracts') }}
    where is_active
),

guard_findings as (
    select * from {{ ref('lookout', 'guard_findings') }}
),

broken_builds as (
    select * from {{ ref('lookout', 'broken_builds') }}
),

broken_assets as (
    select distinct connection, asset from broken_builds
),

-- A table that is not there because dbt would not build it has one cause, told below.
by_guard as (
    select
        guard_findings.violation_key, guard_findings.connection, guard_findings.asset, guard_findings.column_name,
        guard_findings.violation_type, guard_findings.rule, guard_findings.expected, guard_findings.actual,
        guard_findings.failing_rows, guard_findings.total_rows, guard_findings.severity, guard_findings.example_keys,
        guard_findings.first_seen_at, guard_findings.as_of,
        'lookout' as found_by
    from guard_findings
    left join broken_assets
        on
            guard_findings.connection = broken_assets.connection
            and guard_findings.asset = broken_assets.asset
            and guard_findings.violation_type = 'MISSING_REQUIRED_FIELD'
            and guard_findings.column_name = ''
    where broken_assets.asset is null
),

-- A dbt test of a table under contract is a promise too; what the guard has scanned itself is not told twice.
by_test as (
    select
        md5(concat('test:', test_failures.node_id)) as violation_key,
        test_failures.connection,
        test_failures.asset,
        test_failures.column_name,
        case
            when test_failures.test_name like '%not_null' or test_failures.test_name like '%to_not_be_null'
                then 'NULLABILITY_VIOLATION'
            else 'CONSTRAINT_VIOLATION'
        end as violation_type,
        test_failures.node_id as rule,
        concat('dbt test ', test_failures.name, ' passes') as expected,
        test_failures.message as actual,
        test_failures.failures as failing_rows,
        cast(null as bigint) as total_rows,
        case when test_failures.status = 'warn' then 'warning' else 'critical' end as severity,
        '[]' as example_keys,
        test_failures.failing_since as first_seen_at,
        test_failures.executed_at as as_of,
        'dbt test' as found_by
    from {{ ref('lookout', 'test_failures') }} as test_failures
    left join guard_findings on test_failures.node_id = guard_findings.rule
    where test_failures.resource_type = 'test' and guard_findings.rule is null
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
    from broken_builds
),

found as (
    select * from by_guard
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
