-- A few bad records are set aside and the daily metrics go on. When more than one record in five of the newest delivery
-- is bad, the sender is broken: this error holds the metrics back until a good delivery arrives.
with

counted as (
    select
        count(*) as records,
        count(*) filter (where not is_accepted) as rejected_records
    from {{ ref('resiliency_newest_delivery') }}
)

select * from counted
where rejected_records > 0.2 * records
