{#-
    No row when the value is normal, else one row: outcome 2 outside the critical bounds, 1 outside the warning bounds of
    a metric that alerts from warnings on, or when nothing was learned to compare with. Reads one bucket of the relation.
-#}
{% macro compare_with_baseline(model, metric, measure='', timestamp_column=none, column_name='', grain='day', time_zone=none, connection=none, asset=none) %}
    {%- set declared = lookout.watched_as(model) -%}
    {%- set moment = timestamp_column or declared.get("timestamp_column") -%}
    {%- set width = declared.get("grain") or grain -%}
    {%- set zone = time_zone or declared.get("time_zone") or var("lookout_time_zone", "") or "UTC" -%}
    {%- set bucket = lookout.newest_closed_bucket(width, zone) -%}
    {%- if execute and not moment -%}
        {{ exceptions.raise_compiler_error(metric ~ " of " ~ model ~ ": give `timestamp_column`, here or under its meta.lookout") }}
    {%- endif -%}
    {%- set at = adapter.quote(moment) if moment else "null" -%}
    {%- set name = asset or (model if model is string else model.schema ~ "." ~ model.identifier) -%}

with measured as (
    select
        {%- if metric == 'freshness' %}
        -- An age beyond the horizon is shown as the horizon: the exact value makes no difference.
        extract(epoch from cast('{{ bucket.end }}' as timestamp) - coalesce(
            case pg_typeof(max({{ at }}))
                when 'timestamptz'::regtype then cast(max({{ at }}) as timestamptz) at time zone '{{ zone }}'
                else cast(max({{ at }}) as timestamp)
            end, cast('{{ bucket.horizon }}' as timestamp)
        )) as value
        {%- else %}
        cast({{ measure }} as double precision) as value
        {%- endif %}
    from {{ model }}
    where {{ at }} >= '{{ bucket.horizon if metric == "freshness" else bucket.start }}' and {{ at }} < '{{ bucket.end }}'
),

learned as (
    select baselines.*, monitors.alert_from
    from {{ ref('lookout', 'monitors') }} as monitors
    inner join {{ ref('lookout', 'baselines') }} as baselines on monitors.series_key = baselines.series_key
    where
        monitors.connection = '{{ (connection or declared.get("connection") or target.name) | replace("'", "''") }}'
        and monitors.asset = '{{ name | replace("'", "''") }}'
        and monitors.metric = '{{ metric | replace("'", "''") }}'
        and monitors.column_name = '{{ column_name | replace("'", "''") }}'
        and monitors.grain = '{{ width }}' and baselines.bucket_start = '{{ bucket.start }}'
),

compared as (
    select
        '{{ bucket.start }}' as bucket_start,
        measured.value, learned.expected_value, learned.lower_bound, learned.upper_bound,
        case
            when learned.series_key is null or learned.status not in ('forecast', 'judged') then 1
            when measured.value <= learned.lower_bound or measured.value >= learned.upper_bound then 2
            when
                learned.alert_from = 'warning'
                and (measured.value <= learned.warning_lower_bound or measured.value >= learned.warning_upper_bound)
                then 1
            else 0
        end as outcome,
        case
            when learned.series_key is null then 'nothing learned for this bucket yet: watch the model and run lookout'
            when learned.status = 'learning' then concat('not enough history: ', learned.reason)
            when learned.status = 'excluded' then concat('not judged: ', learned.reason)
            else 'outside what was learned'
        end as message
    from measured
    left join learned on true
)

select * from compared
where outcome > 0
{% endmacro %}
