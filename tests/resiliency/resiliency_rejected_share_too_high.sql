-- A few bad records are set aside and the daily metrics go on. When more than one record in five of the newest delivery
-- is bad, the sender is broken: this error holds the metrics back until somebody has looked or a good delivery arrives.
-- depends_on: {{ ref('stg_resiliency_tests_rejected') }}

with

checked as (
    select * from {{ ref('base_resiliency_tests') }}
),

newest_delivery as (
    select
        count(*) as records,
        count(*) filter (where not is_accepted) as rejected_records
    from checked
    where is_newest_delivery
)

select * from newest_delivery
where rejected_records > 0.2 * records
