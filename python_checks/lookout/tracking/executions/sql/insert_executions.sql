with incoming as (select * from {incoming})

insert into {schema}.pipeline_executions (
    execution_id, parent_id, pipeline_id, start_date, date_recorded, hour_recorded, end_date,
    duration_seconds, elapsed_seconds, throughput,
    completed_successfully, inserts, updates, soft_deletes, total_rows, watermark, next_watermark, execution_metadata,
    error, closed_by, kind, node_id, status, code_checksum, host
)
select
    incoming.execution_id, incoming.parent_id, incoming.pipeline_id, incoming.start_date,
    cast(incoming.start_date at time zone 'UTC' as date),
    cast(extract(hour from incoming.start_date at time zone 'UTC') as integer),
    incoming.end_date,
    {measures},
    incoming.completed_successfully, incoming.inserts, incoming.updates, incoming.soft_deletes, incoming.total_rows,
    incoming.watermark, coalesce(incoming.end_next_watermark, incoming.next_watermark),
    coalesce(incoming.start_metadata, '{{}}') || coalesce(incoming.end_metadata, '{{}}'),
    coalesce(incoming.error, ''), incoming.closed_by, coalesce(incoming.kind, ''), coalesce(incoming.node_id, ''),
    coalesce(incoming.status, 'running'), coalesce(incoming.code_checksum, ''), coalesce(incoming.host, '')
from incoming
inner join {schema}.pipelines on incoming.pipeline_id = pipelines.pipeline_id
where incoming.start_date is not null and pipelines.active
order by incoming.execution_id
on conflict (execution_id) do nothing
returning execution_id
