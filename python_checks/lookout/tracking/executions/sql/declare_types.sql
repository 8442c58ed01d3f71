insert into {schema}.pipeline_types (
    name, freshness_number, freshness_datepart, mute_freshness_check,
    timeliness_number, timeliness_datepart, mute_timeliness_check, created_at
)
select
    name, freshness_number, freshness_datepart, mute_freshness_check,
    timeliness_number, timeliness_datepart, mute_timeliness_check, at
from jsonb_to_recordset(cast(%(types)s as jsonb)) as declared ({type_shape})
order by name
on conflict (name) do nothing;

update {schema}.pipeline_types as stored
set
    freshness_number = declared.freshness_number,
    freshness_datepart = declared.freshness_datepart,
    mute_freshness_check = declared.mute_freshness_check,
    timeliness_number = declared.timeliness_number,
    timeliness_datepart = declared.timeliness_datepart,
    mute_timeliness_check = declared.mute_timeliness_check,
    updated_at = declared.at
from jsonb_to_recordset(cast(%(types)s as jsonb)) as declared ({type_shape})
where
    stored.name = declared.name
    and not declared.is_reference
    and declared.at >= coalesce(stored.updated_at, stored.created_at)
    and (
        stored.freshness_number, stored.freshness_datepart, stored.mute_freshness_check,
        stored.timeliness_number, stored.timeliness_datepart, stored.mute_timeliness_check
    ) is distinct from (
        declared.freshness_number, declared.freshness_datepart, declared.mute_freshness_check,
        declared.timeliness_number, declared.timeliness_datepart, declared.mute_timeliness_check
    );
