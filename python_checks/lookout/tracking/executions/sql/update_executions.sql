with incoming as (select * from {incoming} where end_date is not null)

update {schema}.pipeline_executions as stored
set
    end_date = incoming.end_date,
    (duration_seconds, elapsed_seconds, throughput) = (
        {measures}
    ),
    completed_successfully = incoming.completed_successfully,
    inserts = incoming.inserts,
    updates = incoming.updates,
    soft_deletes = incoming.soft_deletes,
    total_rows = incoming.total_rows,
    next_watermark = coalesce(incoming.end_next_watermark, stored.next_watermark),
    execution_metadata = coalesce(stored.execution_metadata, '{{}}') || coalesce(incoming.end_metadata, '{{}}'),
    error = coalesce(incoming.error, ''),
    status = incoming.status,
    closed_by = incoming.closed_by
from incoming
where
    stored.execution_id = incoming.execution_id
    and incoming.end_date > stored.start_date
    and (stored.end_date is null or (stored.closed_by = 'reaper' and incoming.closed_by <> 'reaper'))
returning
    stored.pipeline_id, stored.execution_id, stored.start_date, stored.end_date, stored.completed_successfully,
    stored.inserts, stored.updates, stored.soft_deletes, stored.watermark, stored.next_watermark
