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
    where
        spelled.alert_key = spelled.before
        and not exists (select from {schema}.alerts as successors where successors.alert_key = spelled.after)
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

freshness as (
    update {schema}.pipeline_freshness as stored set freshness_key = spelled.after
    from (
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
    ) as spelled
    where
        stored.freshness_key = spelled.freshness_key
        and spelled.freshness_key = spelled.before
        and not exists (select from {schema}.pipeline_freshness as successors where successors.freshness_key = spelled.after)
)

update {schema}.alerts set alert_key = renamed.after
from renamed where alert_key = renamed.before
