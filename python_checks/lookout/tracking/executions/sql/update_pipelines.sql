update {schema}.pipelines as stored
set
    pipeline_type = declared.pipeline_type,
    origin = declared.origin,
    node_id = declared.node_id,
    owner = declared.owner,
    pipeline_metadata = declared.pipeline_metadata,
    freshness_number = declared.freshness_number,
    freshness_datepart = declared.freshness_datepart,
    mute_freshness_check = declared.mute_freshness_check,
    timeliness_number = declared.timeliness_number,
    timeliness_datepart = declared.timeliness_datepart,
    mute_timeliness_check = declared.mute_timeliness_check,
    active = coalesce(declared.active, stored.active),
    load_lineage = true,
    input_hash = declared.input_hash,
    updated_at = declared.at
from jsonb_to_recordset(cast(%(rows)s as jsonb)) as declared ({shape})
where
    stored.pipeline_id = declared.pipeline_id
    and not declared.is_reference
    and stored.input_hash <> declared.input_hash
    and (
        declared.at >= coalesce(stored.updated_at, stored.created_at)
        or stored.input_hash = declared.reference_hash
    );

update {schema}.pipelines as stored
set next_watermark = declared.next_watermark
from jsonb_to_recordset(cast(%(rows)s as jsonb)) as declared ({shape})
where
    stored.pipeline_id = declared.pipeline_id
    and declared.next_watermark is not null
    and stored.next_watermark is distinct from declared.next_watermark;
