-- How many rows does each layer hold? Raw is staging plus rejected.
select 'raw_resiliency_tests' as layer, count(*) as records from {{ ref('raw_resiliency_tests') }}
union all
select 'stg_resiliency_tests', count(*) from {{ ref('stg_resiliency_tests') }}
union all
select 'stg_resiliency_tests_rejected', count(*) from {{ ref('stg_resiliency_tests_rejected') }}
union all
select 'fact_resiliency_metrics', count(*) from {{ ref('fact_resiliency_metrics') }}
