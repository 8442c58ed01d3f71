select
    asset, grain, bucket_start,
    count(*) as executions,
    avg(elapsed_seconds) filter (where is_success) as duration_seconds,
    sum(total_rows) filter (where is_success)::float8 as total_rows,
    sum(inserts) filter (where is_success)::float8 as inserts,
    sum(total_rows) filter (where is_success)::float8
    / nullif(sum(elapsed_seconds) filter (where is_success and total_rows is not null), 0) as throughput
from (
    select
        wanted.asset, wanted.grain, executions.elapsed_seconds, executions.total_rows, executions.inserts,
        date_trunc(wanted.grain, executions.start_date at time zone 'UTC') at time zone 'UTC' as bucket_start,
        executions.completed_successfully and executions.end_date <= %s as is_success
    from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) as wanted (pipeline_id, asset, grain, since)
    inner join {schema}.pipeline_executions as executions
        on executions.pipeline_id = wanted.pipeline_id and executions.start_date >= wanted.since
    where executions.status is distinct from 'skipped'
) as executions
where bucket_start + case grain when 'hour' then interval '1 hour' else interval '24 hours' end <= %s
group by asset, grain, bucket_start
