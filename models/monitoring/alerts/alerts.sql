{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='alert_key',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="select pg_advisory_xact_lock(hashtext('lookout alerts'), hashtext('{{ this.schema }}'))",
        indexes=[{'columns': ['alert_key'], 'unique': true}, {'columns': ['first_seen_at']}, {'columns': ['alert_type', 'asset']}],
    )
}}

{%- set described = [
    'alert_type', 'severity', 'connection', 'asset', 'column_name', 'metric', 'window_start', 'window_end', 'observed_value',
    'expected_value', 'lower_bound', 'upper_bound', 'score', 'reason', 'description', 'owner', 'layer', 'series_key',
] %}

with candidates as (
    select * from {{ ref('lookout', 'alert_candidates') }}
),

-- A run whose clock was ahead of the time was a mistake: the next run replaces its times.
known as (
    select
        stored.*,
        greatest(stored.last_seen_at, stored.resolved_at) > greatest(now(), {{ lookout.as_of() }}) as is_ahead
    from {% if is_incremental() %}{{ this }}{% else %}({{ lookout.landing_table(model) }}){% endif %} as stored
),

unevaluated as (
    select connection, asset from {{ ref('lookout', 'asset_status') }}
    where not is_evaluated
),

seen as (
    select
        candidates.alert_key,
        {%- for column in described %}
        candidates.{{ column }},
        {%- endfor %}
        case when candidates.is_open then 'open' else 'resolved' end as status,
        least(known.first_seen_at, candidates.seen_at) as first_seen_at,
        case
            when candidates.is_open or known.alert_key is null or known.is_ahead then candidates.seen_at
            else known.last_seen_at
        end as last_seen_at,
        coalesce(known.occurrences, 0)
            + case when known.alert_key is null or (candidates.is_open and candidates.seen_at > known.last_seen_at) then 1 else 0 end
            as occurrences,
        case
            when not candidates.is_open
                then coalesce(case when not known.is_ahead then known.resolved_at end, candidates.seen_at)
        end as resolved_at
    from candidates
    left join known on candidates.alert_key = known.alert_key
    -- A replay of the past does not change what a later run has stored.
    where known.alert_key is null or known.is_ahead or candidates.seen_at >= greatest(known.last_seen_at, known.resolved_at)
),

-- Open before and not found now: cleared, unless the asset could not be evaluated.
unseen as (
    select
        known.*,
        known.status = 'open'
            and (known.is_ahead or known.last_seen_at <= {{ lookout.as_of() }})
            and candidates.alert_key is null
            and unevaluated.asset is null as is_cleared
    from known
    left join seen on known.alert_key = seen.alert_key
    left join candidates on known.alert_key = candidates.alert_key
    left join unevaluated
        on
            known.connection = unevaluated.connection
            and known.asset = unevaluated.asset
            and known.alert_type in ('VOLUME_ANOMALY', 'STALE_DATA_FLOW', 'METRIC_ANOMALY')
    where seen.alert_key is null
),

kept as (
    select
        alert_key,
        {%- for column in described %}
        {{ column }},
        {%- endfor %}
        case when is_cleared then 'resolved' else status end as status,
        least(first_seen_at, case when is_ahead then {{ lookout.as_of() }} end) as first_seen_at,
        least(last_seen_at, case when is_ahead then {{ lookout.as_of() }} end) as last_seen_at,
        occurrences,
        case
            when is_cleared then {{ lookout.as_of() }}
            else least(resolved_at, case when is_ahead then {{ lookout.as_of() }} end)
        end as resolved_at
    from unseen
),

current_state as (
    select * from seen
    union all
    select * from kept
),

-- Only new and changed rows are written: a re-run leaves the table as it is.
final as (
    select
        current_state.*,
        explanations.explanation
    from current_state
    left join known on current_state.alert_key = known.alert_key
    left join {{ ref('lookout', 'explained_alerts') }} as explanations on current_state.alert_key = explanations.alert_key
    where
        -- Through JSON, because the first run after an upgrade finds a table without this column.
        (explanations.explanation is not null and explanations.explanation is distinct from to_jsonb(known) ->> 'explanation')
        {%- for column in described + ['status', 'last_seen_at', 'occurrences', 'resolved_at'] %}
        or current_state.{{ column }} is distinct from known.{{ column }}
        {%- endfor %}
)

{{ lookout.cast_to_contract(model, 'final') }}
