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

-- A table that is missing because dbt would not build it has one cause, and that is reported by_build.
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

by_build as (
    select distinct on (violation_key)
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
    order by violation_key
),

found as (
    select * from by_lookout
    union all
    select * from {{ ref('lookout', 'contract_test_failures') }}
    union all
    select * from by_build
),

final as (
    select
        found.*,
        contracts.name as contract,
        contracts.owner,
        contracts.layer
    from found
    inner join contracts on found.connection = contracts.connection and found.asset = contracts.asset
)

{{ lookout.cast_to_contract(model, 'final') }}
