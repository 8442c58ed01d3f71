{{ config(materialized='ephemeral') }}

-- One index lookup for each series; the baselines themselves may be millions of rows.
select
    monitors.series_key,
    newest.bucket_start, newest.status, newest.reason, newest.observed_value
from {{ ref('lookout', 'monitors') }} as monitors
cross join lateral (
    select * from {{ ref('lookout', 'baselines') }} as baselines
    where
        baselines.series_key = monitors.series_key
        and baselines.status <> 'forecast' and baselines.bucket_start < {{ lookout.as_of() }}
    order by baselines.bucket_start desc
    limit 7
) as newest
where monitors.is_active and not {{ lookout.is_of_pipeline('monitors') }}
