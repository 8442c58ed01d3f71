insert into {schema}.pipelines (
    pipeline_id, name, pipeline_type, origin, node_id, owner, next_watermark, pipeline_metadata,
    freshness_number, freshness_datepart, mute_freshness_check,
    timeliness_number, timeliness_datepart, mute_timeliness_check, load_lineage, active, input_hash, created_at
)
select
    pipeline_id, name, pipeline_type, origin, node_id, owner, next_watermark, pipeline_metadata,
    freshness_number, freshness_datepart, mute_freshness_check,
    timeliness_number, timeliness_datepart, mute_timeliness_check, true, coalesce(active, true), input_hash, at
from jsonb_to_recordset(cast(%(rows)s as jsonb)) as declared ({shape})
order by pipeline_id
on conflict (pipeline_id) do nothing
returning pipeline_id
