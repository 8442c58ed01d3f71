-- Keys that a server before PostgreSQL 14 made: it spelled the seconds in them as floating point, without their zeros.
-- A key whose successor is there already, because an older version ran after the server's upgrade, stays as history.
with spelled as (
    select
        alert_key,
        md5(cast(jsonb_build_array(
            alert_type, connection, asset, column_name, metric,
            cast(extract(epoch from window_start) as double precision)
        ) as text)) as before,
        md5(cast(jsonb_build_array(
            alert_type, connection, asset, column_name, metric,
            round(
                cast(extract(epoch from date_trunc('second', window_start)) as numeric)
                + mod(cast(extract(microseconds from window_start) as numeric), 1000000) / 1000000, 6
            )
        ) as text)) as after
    from {schema}.alerts
),

renamed as (
    select spelled.before, spelled.after
    from spelled
    left join {schema}.alerts as successors on spelled.after = successors.alert_key
    where spelled.alert_key = spelled.before and successors.alert_key is null
),

answers as (
    update {schema}.alert_feedback set alert_key = renamed.after
    from renamed where alert_key = renamed.before
),

deliveries as (
    update {schema}.alert_deliveries set alert_key = renamed.after
    from renamed where alert_key = renamed.before
),

explanations as (
    update {schema}.alert_explanations set alert_key = renamed.after
    from renamed where alert_key = renamed.before
),

spelled_freshness as (
    select
        freshness_key,
        md5(concat(pipeline_id, ':', cast(extract(epoch from last_dml_timestamp) as double precision))) as before,
        md5(concat(
            pipeline_id, ':', round(
                cast(extract(epoch from date_trunc('second', last_dml_timestamp)) as numeric)
                + mod(cast(extract(microseconds from last_dml_timestamp) as numeric), 1000000) / 1000000, 6
            )
        )) as after
    from {schema}.pipeline_freshness
),

renamed_freshness as (
    select spelled_freshness.before, spelled_freshness.after
    from spelled_freshness
    left join {schema}.pipeline_freshness as successors on spelled_freshness.after = successors.freshness_key
    where spelled_freshness.freshness_key = spelled_freshness.before and successors.freshness_key is null
),

freshness as (
    update {schema}.pipeline_freshness set freshness_key = renamed_freshness.after
    from renamed_freshness where freshness_key = renamed_freshness.before
)

update {schema}.alerts set alert_key = renamed.after
from renamed where alert_key = renamed.before
