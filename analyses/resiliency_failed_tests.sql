-- Which fifty tests failed last, and why?
with

failed as (
    select
        app_id,
        scenario_name,
        start_time,
        duration_ms,
        error_message,
        raw_test_id,
        row_number() over (order by start_time desc, test_id desc) as age_rank
    from {{ ref('stg_resiliency_tests') }}
    where status = 'failed'
)

select * from failed
where age_rank <= 50
order by age_rank
