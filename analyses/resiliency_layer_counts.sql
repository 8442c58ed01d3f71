-- How many rows does each layer hold? Raw is staging plus rejected.
select
    'raw_resiliency_tests' as layer,
    count(*) as records
from {{ ref('raw_resiliency_tests') }}
union all
select
    'stg_resiliency_tests' as layer,
    count(*) as records
from {{ ref('stg_resiliency_tests') }}
union all
select
    'stg_resiliency_tests_rejected' as layer,
    count(*) as records
from {{ ref('stg_resiliency_tests_rejected') }}
union all
select
    'fact_resiliency_metrics' as layer,
    count(*) as records
from {{ ref('fact_resiliency_metrics') }}
