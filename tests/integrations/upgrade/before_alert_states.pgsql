-- What the version before `alert_states` kept after three runs, with answers, mutes, messages, a contract and a tracked
-- pipeline: its tables, indexes and views, with rows; the schema is there. Made with pg_dump.
CREATE TABLE monitoring.address_lineage (
    pipeline_id text NOT NULL,
    source_address_id text NOT NULL,
    target_address_id text NOT NULL,
    declared_at timestamp with time zone
);
CREATE TABLE monitoring.address_types (
    name text NOT NULL,
    group_name text NOT NULL,
    created_at timestamp with time zone,
    updated_at timestamp with time zone
);
CREATE TABLE monitoring.addresses (
    address_id text NOT NULL,
    name text NOT NULL,
    address_type text NOT NULL,
    database_name text,
    schema_name text,
    table_name text,
    primary_key text,
    address_metadata jsonb,
    node_id text,
    owner text,
    input_hash text,
    is_active boolean NOT NULL,
    created_at timestamp with time zone,
    updated_at timestamp with time zone
);
CREATE TABLE monitoring.alert_candidates (
    alert_key text,
    alert_type text,
    severity text,
    connection text,
    asset text,
    column_name text,
    metric text,
    owner text,
    layer text,
    series_key text,
    window_start timestamp with time zone,
    window_end timestamp with time zone,
    observed_value double precision,
    expected_value double precision,
    lower_bound double precision,
    upper_bound double precision,
    score double precision,
    reason text,
    description text,
    is_open boolean,
    seen_at timestamp with time zone
);
CREATE TABLE monitoring.alert_deliveries (
    alert_key text NOT NULL,
    target text NOT NULL,
    step integer NOT NULL,
    stage text,
    status text,
    owner text,
    severity text,
    alert_status text,
    planned_at timestamp with time zone,
    not_before timestamp with time zone,
    attempts integer,
    claimed_by text,
    claimed_until timestamp with time zone,
    message_id text,
    sent_at timestamp with time zone,
    last_error text
);
CREATE TABLE monitoring.alert_explanations (
    alert_key text NOT NULL,
    dimension text NOT NULL,
    explanation text,
    details text,
    bucket_start timestamp with time zone,
    explained_at timestamp with time zone
);
CREATE TABLE monitoring.alert_feedback (
    feedback_number bigint NOT NULL,
    alert_key text NOT NULL,
    series_key text,
    verdict text,
    window_start timestamp with time zone,
    window_end timestamp with time zone,
    note text,
    given_by text,
    given_at timestamp with time zone,
    batch_number bigint
);
CREATE TABLE monitoring.alert_impact (
    alert_key text,
    downstream_count integer,
    downstream_models text[],
    downstream_exposures text[],
    downstream_others text[],
    downstream_owners text[],
    cause_alert_key text,
    root_cause_alert_key text
);
CREATE TABLE monitoring.alert_mutes (
    mute_number bigint NOT NULL,
    kind text,
    alert_key text,
    asset_glob text,
    severity text,
    ends_at timestamp with time zone,
    note text,
    given_by text,
    given_at timestamp with time zone,
    lifted_at timestamp with time zone
);
CREATE TABLE monitoring.alerts (
    alert_key text NOT NULL,
    alert_type text NOT NULL,
    severity text NOT NULL,
    status text NOT NULL,
    connection text,
    asset text,
    column_name text,
    metric text,
    window_start timestamp with time zone NOT NULL,
    window_end timestamp with time zone,
    observed_value double precision,
    expected_value double precision,
    lower_bound double precision,
    upper_bound double precision,
    score double precision,
    reason text,
    description text,
    owner text,
    layer text,
    series_key text,
    first_seen_at timestamp with time zone,
    last_seen_at timestamp with time zone,
    occurrences integer,
    resolved_at timestamp with time zone,
    explanation text
);
CREATE TABLE monitoring.baselines (
    series_key text NOT NULL,
    bucket_start timestamp with time zone NOT NULL,
    status text,
    observed_value double precision,
    expected_value double precision,
    lower_bound double precision,
    upper_bound double precision,
    warning_lower_bound double precision,
    warning_upper_bound double precision,
    scale double precision,
    sample_size integer,
    method text,
    score double precision,
    severity text,
    reason text,
    learned_at timestamp with time zone
);
CREATE TABLE monitoring.monitors (
    series_key text NOT NULL,
    connection text,
    asset text,
    column_name text,
    metric text,
    kind text,
    grain text,
    node_id text,
    layer text,
    owner text,
    description text,
    method text,
    direction text,
    warn_score double precision,
    critical_score double precision,
    alert_from text,
    lower_limit double precision,
    upper_limit double precision,
    min_absolute_change double precision,
    min_relative_change double precision,
    window_size integer,
    min_sample_size integer,
    warn_after_seconds double precision,
    error_after_seconds double precision,
    settings_hash text,
    is_active boolean,
    batch_number bigint,
    updated_at timestamp with time zone
);
CREATE VIEW monitoring.anomalies AS
 WITH baselines AS (
         SELECT baselines.series_key,
            baselines.bucket_start,
            baselines.status,
            baselines.observed_value,
            baselines.expected_value,
            baselines.lower_bound,
            baselines.upper_bound,
            baselines.warning_lower_bound,
            baselines.warning_upper_bound,
            baselines.scale,
            baselines.sample_size,
            baselines.method,
            baselines.score,
            baselines.severity,
            baselines.reason,
            baselines.learned_at
           FROM monitoring.baselines
          WHERE ((baselines.status = 'judged'::text) AND (baselines.severity = ANY (ARRAY['warning'::text, 'critical'::text])))
        ), monitors AS (
         SELECT monitors.series_key,
            monitors.connection,
            monitors.asset,
            monitors.column_name,
            monitors.metric,
            monitors.kind,
            monitors.grain,
            monitors.node_id,
            monitors.layer,
            monitors.owner,
            monitors.description,
            monitors.method,
            monitors.direction,
            monitors.warn_score,
            monitors.critical_score,
            monitors.alert_from,
            monitors.lower_limit,
            monitors.upper_limit,
            monitors.min_absolute_change,
            monitors.min_relative_change,
            monitors.window_size,
            monitors.min_sample_size,
            monitors.warn_after_seconds,
            monitors.error_after_seconds,
            monitors.settings_hash,
            monitors.is_active,
            monitors.batch_number,
            monitors.updated_at
           FROM monitoring.monitors
          WHERE monitors.is_active
        ), final AS (
         SELECT baselines.series_key,
            baselines.bucket_start,
            baselines.observed_value AS value,
            baselines.expected_value,
            baselines.lower_bound,
            baselines.upper_bound,
            baselines.score,
            baselines.reason,
            baselines.severity
           FROM (baselines
             JOIN monitors ON ((baselines.series_key = monitors.series_key)))
          WHERE (((baselines.bucket_start +
                CASE monitors.grain
                    WHEN 'hour'::text THEN '01:00:00'::interval
                    ELSE '1 day'::interval
                END) <= '2026-03-03 08:00:00+00'::timestamp with time zone) AND ((baselines.observed_value IS NOT NULL) OR (monitors.metric = 'executions'::text) OR (NOT ((monitors.connection = 'pipelines'::text) AND (monitors.layer = 'pipeline'::text)))))
        )
 SELECT series_key,
    bucket_start,
    value,
    expected_value,
    lower_bound,
    upper_bound,
    score,
    reason,
    severity
   FROM final;
CREATE TABLE monitoring.anomaly_detection_rules (
    pipeline_id text NOT NULL,
    metric_field text NOT NULL,
    z_threshold numeric(4,2) NOT NULL,
    lookback_days integer NOT NULL,
    minimum_executions integer NOT NULL,
    active boolean NOT NULL,
    created_at timestamp with time zone,
    updated_at timestamp with time zone
);
CREATE TABLE monitoring.anomaly_unflags (
    execution_id text NOT NULL,
    metric_field text NOT NULL,
    note text,
    unflagged_at timestamp with time zone
);
CREATE TABLE monitoring.collection_results (
    connection text NOT NULL,
    asset text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    status text,
    message text,
    latest_at timestamp with time zone,
    profiled_from timestamp with time zone,
    watermark timestamp with time zone,
    rows_profiled bigint,
    future_rows bigint,
    duration_seconds double precision,
    attempts integer,
    owner text,
    layer text,
    run_id text
);
CREATE VIEW monitoring.asset_status AS
 WITH watched AS (
         SELECT DISTINCT monitors.connection,
            monitors.asset
           FROM monitoring.monitors monitors
          WHERE (monitors.is_active AND (NOT ((monitors.connection = 'pipelines'::text) AND (monitors.layer = 'pipeline'::text))))
        ), results AS (
         SELECT collection_results.connection,
            collection_results.asset,
            collection_results.as_of,
            collection_results.status,
            collection_results.message,
            collection_results.latest_at,
            collection_results.profiled_from,
            collection_results.watermark,
            collection_results.rows_profiled,
            collection_results.future_rows,
            collection_results.duration_seconds,
            collection_results.attempts,
            collection_results.owner,
            collection_results.layer,
            collection_results.run_id
           FROM (monitoring.collection_results collection_results
             JOIN watched ON (((collection_results.connection = watched.connection) AND (collection_results.asset = watched.asset))))
          WHERE (collection_results.as_of <= '2026-03-03 08:00:00+00'::timestamp with time zone)
        ), numbered AS (
         SELECT results.connection,
            results.asset,
            results.as_of,
            results.status,
            results.message,
            results.latest_at,
            results.profiled_from,
            results.watermark,
            results.rows_profiled,
            results.future_rows,
            results.duration_seconds,
            results.attempts,
            results.owner,
            results.layer,
            results.run_id,
            row_number() OVER (PARTITION BY results.connection, results.asset ORDER BY results.as_of DESC) AS recency,
            max(results.as_of) FILTER (WHERE (results.status = ANY (ARRAY['ok'::text, 'empty'::text]))) OVER (PARTITION BY results.connection, results.asset) AS evaluated_at,
            max(results.as_of) FILTER (WHERE (results.status <> ALL (ARRAY['ok'::text, 'empty'::text]))) OVER (PARTITION BY results.connection, results.asset) AS unevaluated_at,
            max(results.as_of) FILTER (WHERE (results.status <> 'empty'::text)) OVER (PARTITION BY results.connection, results.asset) AS not_empty_at
           FROM results
        ), streaks AS (
         SELECT numbered.connection,
            numbered.asset,
            min(numbered.as_of) FILTER (WHERE (numbered.as_of > COALESCE(numbered.evaluated_at, '-infinity'::timestamp with time zone))) AS unevaluated_since,
            min(numbered.as_of) FILTER (WHERE (numbered.as_of > COALESCE(numbered.not_empty_at, '-infinity'::timestamp with time zone))) AS empty_since,
            max(numbered.latest_at) FILTER (WHERE (numbered.as_of = numbered.evaluated_at)) AS latest_at,
            max(numbered.status) FILTER (WHERE (numbered.as_of = numbered.evaluated_at)) AS evaluated_status,
            max(numbered.evaluated_at) AS evaluated_at
           FROM numbered
          GROUP BY numbered.connection, numbered.asset
        ), final AS (
         SELECT numbered.connection,
            numbered.asset,
            numbered.as_of AS looked_at,
            numbered.status,
            numbered.message,
            numbered.owner,
            numbered.layer,
            streaks.evaluated_at,
            streaks.evaluated_status,
            streaks.latest_at,
            streaks.unevaluated_since,
            streaks.empty_since
           FROM (numbered
             JOIN streaks ON (((numbered.connection = streaks.connection) AND (numbered.asset = streaks.asset))))
          WHERE (numbered.recency = 1)
        )
 SELECT connection,
    asset,
    looked_at,
    status,
    message,
    owner,
    layer,
    evaluated_at,
    evaluated_status,
    latest_at,
    unevaluated_since,
    empty_since
   FROM final;
CREATE TABLE monitoring.assets (
    node_id text NOT NULL,
    name text,
    resource_type text,
    connection text,
    asset text,
    layer text,
    owner text,
    has_description boolean,
    column_count integer,
    documented_column_count integer,
    test_count integer,
    is_monitored boolean,
    file_path text,
    is_active boolean,
    updated_at timestamp with time zone
);
CREATE TABLE monitoring.contract_checks (
    connection text NOT NULL,
    asset text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    structure_status text,
    values_status text,
    violation_count integer,
    critical_count integer,
    total_rows bigint,
    checked_rows bigint,
    invalid_rows bigint,
    checked_until timestamp with time zone,
    message text,
    duration_seconds double precision,
    attempts integer,
    run_id text
);
CREATE TABLE monitoring.contract_findings (
    violation_key text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    connection text,
    asset text,
    column_name text,
    violation_type text,
    rule text,
    expected text,
    actual text,
    failing_rows bigint,
    total_rows bigint,
    severity text,
    example_keys text,
    run_id text
);
CREATE TABLE monitoring.contracts (
    connection text NOT NULL,
    asset text NOT NULL,
    name text,
    node_id text,
    mode text,
    version text,
    version_number integer,
    definition text,
    definition_hash text,
    column_count integer,
    rule_count integer,
    owner text,
    layer text,
    description text,
    file_path text,
    is_active boolean,
    updated_at timestamp with time zone
);
CREATE VIEW monitoring.contract_status AS
 WITH contracts AS (
         SELECT contracts.connection,
            contracts.asset,
            contracts.name,
            contracts.node_id,
            contracts.mode,
            contracts.version,
            contracts.version_number,
            contracts.definition,
            contracts.definition_hash,
            contracts.column_count,
            contracts.rule_count,
            contracts.owner,
            contracts.layer,
            contracts.description,
            contracts.file_path,
            contracts.is_active,
            contracts.updated_at
           FROM monitoring.contracts
          WHERE contracts.is_active
        ), checks AS (
         SELECT contract_checks.connection,
            contract_checks.asset,
            contract_checks.as_of,
            contract_checks.structure_status,
            contract_checks.values_status,
            contract_checks.violation_count,
            contract_checks.critical_count,
            contract_checks.total_rows,
            contract_checks.checked_rows,
            contract_checks.invalid_rows,
            contract_checks.checked_until,
            contract_checks.message,
            contract_checks.duration_seconds,
            contract_checks.attempts,
            contract_checks.run_id,
            (('not_evaluated'::text <> contract_checks.structure_status) AND ('not_evaluated'::text <> contract_checks.values_status)) AS is_evaluated
           FROM monitoring.contract_checks
          WHERE (contract_checks.as_of <= '2026-03-03 08:00:00+00'::timestamp with time zone)
        ), ranked AS (
         SELECT checks.connection,
            checks.asset,
            checks.as_of,
            checks.structure_status,
            checks.values_status,
            checks.violation_count,
            checks.critical_count,
            checks.total_rows,
            checks.checked_rows,
            checks.invalid_rows,
            checks.checked_until,
            checks.message,
            checks.duration_seconds,
            checks.attempts,
            checks.run_id,
            checks.is_evaluated,
            row_number() OVER (PARTITION BY checks.connection, checks.asset ORDER BY checks.as_of DESC) AS recency,
            max(checks.as_of) FILTER (WHERE checks.is_evaluated) OVER (PARTITION BY checks.connection, checks.asset) AS evaluated_at,
            row_number() OVER (PARTITION BY checks.connection, checks.asset, (checks.values_status = 'none'::text) ORDER BY checks.as_of DESC) AS values_recency
           FROM checks
        ), latest AS (
         SELECT ranked.connection,
            ranked.asset,
            ranked.as_of,
            ranked.structure_status,
            ranked.values_status,
            ranked.violation_count,
            ranked.critical_count,
            ranked.total_rows,
            ranked.checked_rows,
            ranked.invalid_rows,
            ranked.checked_until,
            ranked.message,
            ranked.duration_seconds,
            ranked.attempts,
            ranked.run_id,
            ranked.is_evaluated,
            ranked.recency,
            ranked.evaluated_at,
            ranked.values_recency,
            valued.values_status AS last_values_status,
            valued.total_rows AS last_total_rows,
            valued.checked_rows AS last_checked_rows,
            valued.invalid_rows AS last_invalid_rows
           FROM (ranked
             LEFT JOIN ranked valued ON (((ranked.connection = valued.connection) AND (ranked.asset = valued.asset) AND (valued.values_status <> 'none'::text) AND (valued.values_recency = 1))))
          WHERE (ranked.recency = 1)
        ), final AS (
         SELECT contracts.connection,
            contracts.asset,
            contracts.name,
            contracts.node_id,
            contracts.mode,
            contracts.version_number,
            contracts.rule_count,
            contracts.owner,
            contracts.layer,
            latest.as_of AS looked_at,
            COALESCE(latest.structure_status, 'not_evaluated'::text) AS structure_status,
            COALESCE(latest.last_values_status,
                CASE
                    WHEN (contracts.rule_count > 0) THEN 'not_evaluated'::text
                    ELSE 'none'::text
                END) AS values_status,
            latest.evaluated_at,
            COALESCE(latest.message, 'not checked yet: run `lookout run` or `lookout contracts`'::text) AS message,
            latest.last_total_rows AS total_rows,
            latest.last_checked_rows AS checked_rows,
            latest.last_invalid_rows AS invalid_rows
           FROM (contracts
             LEFT JOIN latest ON (((contracts.connection = latest.connection) AND (contracts.asset = latest.asset))))
        )
 SELECT connection,
    asset,
    name,
    node_id,
    mode,
    version_number,
    rule_count,
    owner,
    layer,
    looked_at,
    structure_status,
    values_status,
    evaluated_at,
    message,
    total_rows,
    checked_rows,
    invalid_rows
   FROM final;
CREATE TABLE monitoring.contract_violations (
    violation_key text CONSTRAINT contract_violations__dbt_tmp_violation_key_not_null1 NOT NULL,
    contract text CONSTRAINT contract_violations__dbt_tmp_contract_not_null1 NOT NULL,
    connection text CONSTRAINT contract_violations__dbt_tmp_connection_not_null1 NOT NULL,
    asset text CONSTRAINT contract_violations__dbt_tmp_asset_not_null1 NOT NULL,
    column_name text,
    violation_type text CONSTRAINT contract_violations__dbt_tmp_violation_type_not_null1 NOT NULL,
    rule text,
    expected text,
    actual text,
    failing_rows bigint,
    total_rows bigint,
    severity text CONSTRAINT contract_violations__dbt_tmp_severity_not_null1 NOT NULL,
    example_keys text,
    found_by text,
    owner text,
    layer text,
    first_seen_at timestamp with time zone,
    as_of timestamp with time zone
);
CREATE TABLE monitoring.pipeline_executions (
    execution_id text NOT NULL,
    parent_id text,
    pipeline_id text NOT NULL,
    start_date timestamp with time zone NOT NULL,
    date_recorded date NOT NULL,
    hour_recorded integer NOT NULL,
    end_date timestamp with time zone,
    duration_seconds integer,
    elapsed_seconds double precision,
    completed_successfully boolean,
    inserts bigint,
    updates bigint,
    soft_deletes bigint,
    total_rows bigint,
    throughput numeric(24,4),
    watermark text,
    next_watermark text,
    execution_metadata jsonb,
    error text,
    closed_by text,
    kind text,
    node_id text,
    status text,
    code_checksum text,
    host text,
    heartbeat_at timestamp with time zone
);
CREATE VIEW monitoring.pipeline_runs AS
 WITH executions AS (
         SELECT pipeline_executions.execution_id,
            pipeline_executions.parent_id,
            pipeline_executions.pipeline_id,
            pipeline_executions.start_date,
            pipeline_executions.date_recorded,
            pipeline_executions.hour_recorded,
            pipeline_executions.end_date,
            pipeline_executions.duration_seconds,
            pipeline_executions.elapsed_seconds,
            pipeline_executions.completed_successfully,
            pipeline_executions.inserts,
            pipeline_executions.updates,
            pipeline_executions.soft_deletes,
            pipeline_executions.total_rows,
            pipeline_executions.throughput,
            pipeline_executions.watermark,
            pipeline_executions.next_watermark,
            pipeline_executions.execution_metadata,
            pipeline_executions.error,
            pipeline_executions.closed_by,
            pipeline_executions.kind,
            pipeline_executions.node_id,
            pipeline_executions.status,
            pipeline_executions.code_checksum,
            pipeline_executions.host,
            pipeline_executions.heartbeat_at,
            ((pipeline_executions.end_date IS NOT NULL) AND (pipeline_executions.end_date <= '2026-03-03 08:00:00+00'::timestamp with time zone)) AS has_ended
           FROM monitoring.pipeline_executions
          WHERE (pipeline_executions.start_date <= '2026-03-03 08:00:00+00'::timestamp with time zone)
        ), final AS (
         SELECT executions.execution_id,
            executions.parent_id,
            executions.pipeline_id,
            executions.kind,
            executions.start_date,
            executions.date_recorded,
            executions.hour_recorded,
                CASE
                    WHEN executions.has_ended THEN executions.end_date
                    ELSE NULL::timestamp with time zone
                END AS end_date,
                CASE
                    WHEN executions.has_ended THEN executions.completed_successfully
                    ELSE NULL::boolean
                END AS completed_successfully,
                CASE
                    WHEN executions.has_ended THEN executions.status
                    ELSE 'running'::text
                END AS status,
                CASE
                    WHEN executions.has_ended THEN (executions.duration_seconds)::numeric
                    ELSE floor(EXTRACT(epoch FROM ('2026-03-03 08:00:00+00'::timestamp with time zone - executions.start_date)))
                END AS duration_seconds,
                CASE
                    WHEN executions.has_ended THEN executions.inserts
                    ELSE NULL::bigint
                END AS inserts,
                CASE
                    WHEN executions.has_ended THEN executions.updates
                    ELSE NULL::bigint
                END AS updates,
                CASE
                    WHEN executions.has_ended THEN executions.soft_deletes
                    ELSE NULL::bigint
                END AS soft_deletes,
                CASE
                    WHEN executions.has_ended THEN executions.total_rows
                    ELSE NULL::bigint
                END AS total_rows,
                CASE
                    WHEN executions.has_ended THEN executions.throughput
                    ELSE NULL::numeric
                END AS throughput,
                CASE
                    WHEN executions.has_ended THEN executions.error
                    ELSE NULL::text
                END AS error,
            (NOT executions.has_ended) AS is_running
           FROM executions
        )
 SELECT execution_id,
    parent_id,
    pipeline_id,
    kind,
    start_date,
    date_recorded,
    hour_recorded,
    end_date,
    completed_successfully,
    status,
    duration_seconds,
    inserts,
    updates,
    soft_deletes,
    total_rows,
    throughput,
    error,
    is_running
   FROM final;
CREATE TABLE monitoring.pipelines (
    pipeline_id text NOT NULL,
    name text NOT NULL,
    pipeline_type text NOT NULL,
    origin text,
    node_id text,
    owner text,
    watermark text,
    next_watermark text,
    pipeline_metadata jsonb,
    last_target_insert timestamp with time zone,
    last_target_update timestamp with time zone,
    last_target_soft_delete timestamp with time zone,
    freshness_number integer,
    freshness_datepart text,
    mute_freshness_check boolean NOT NULL,
    timeliness_number integer,
    timeliness_datepart text,
    mute_timeliness_check boolean NOT NULL,
    load_lineage boolean NOT NULL,
    active boolean NOT NULL,
    input_hash text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone
);
CREATE VIEW monitoring.daily_pipeline_report AS
 WITH runs AS (
         SELECT pipeline_runs.execution_id,
            pipeline_runs.parent_id,
            pipeline_runs.pipeline_id,
            pipeline_runs.kind,
            pipeline_runs.start_date,
            pipeline_runs.date_recorded,
            pipeline_runs.hour_recorded,
            pipeline_runs.end_date,
            pipeline_runs.completed_successfully,
            pipeline_runs.status,
            pipeline_runs.duration_seconds,
            pipeline_runs.inserts,
            pipeline_runs.updates,
            pipeline_runs.soft_deletes,
            pipeline_runs.total_rows,
            pipeline_runs.throughput,
            pipeline_runs.error,
            pipeline_runs.is_running
           FROM monitoring.pipeline_runs
          WHERE ((NOT pipeline_runs.is_running) AND (pipeline_runs.status IS DISTINCT FROM 'skipped'::text))
        ), pipelines AS (
         SELECT pipelines.pipeline_id,
            pipelines.name,
            pipelines.pipeline_type,
            pipelines.origin,
            pipelines.node_id,
            pipelines.owner,
            pipelines.watermark,
            pipelines.next_watermark,
            pipelines.pipeline_metadata,
            pipelines.last_target_insert,
            pipelines.last_target_update,
            pipelines.last_target_soft_delete,
            pipelines.freshness_number,
            pipelines.freshness_datepart,
            pipelines.mute_freshness_check,
            pipelines.timeliness_number,
            pipelines.timeliness_datepart,
            pipelines.mute_timeliness_check,
            pipelines.load_lineage,
            pipelines.active,
            pipelines.input_hash,
            pipelines.created_at,
            pipelines.updated_at
           FROM monitoring.pipelines
        ), final AS (
         SELECT runs.date_recorded,
            runs.pipeline_id,
            pipelines.name AS pipeline_name,
            pipelines.pipeline_type AS pipeline_type_name,
            count(*) AS total_executions,
            count(*) FILTER (WHERE (NOT runs.completed_successfully)) AS failed_executions,
            round(((100.0 * (count(*) FILTER (WHERE (NOT runs.completed_successfully)))::numeric) / (count(*))::numeric), 2) AS error_percentage,
            COALESCE(sum(runs.inserts), (0)::numeric) AS daily_inserts,
            COALESCE(sum(runs.updates), (0)::numeric) AS daily_updates,
            COALESCE(sum(runs.soft_deletes), (0)::numeric) AS daily_soft_deletes,
            COALESCE(sum(runs.total_rows), (0)::numeric) AS daily_total_rows,
            round(avg(COALESCE(runs.duration_seconds, (0)::numeric)), 2) AS avg_duration_seconds,
            round((COALESCE(sum(runs.total_rows), (0)::numeric) / NULLIF(sum(runs.duration_seconds), (0)::numeric)), 4) AS daily_throughput
           FROM (runs
             JOIN pipelines ON ((runs.pipeline_id = pipelines.pipeline_id)))
          WHERE ((runs.date_recorded >= ((('2026-03-03 08:00:00+00'::timestamp with time zone AT TIME ZONE 'UTC'::text))::date - 30)) AND (runs.date_recorded < (('2026-03-03 08:00:00+00'::timestamp with time zone AT TIME ZONE 'UTC'::text))::date))
          GROUP BY runs.date_recorded, runs.pipeline_id, pipelines.name, pipelines.pipeline_type
        )
 SELECT date_recorded,
    pipeline_id,
    pipeline_name,
    pipeline_type_name,
    total_executions,
    failed_executions,
    error_percentage,
    daily_inserts,
    daily_updates,
    daily_soft_deletes,
    daily_total_rows,
    avg_duration_seconds,
    daily_throughput
   FROM final;
CREATE TABLE monitoring.dbt_results (
    invocation_id text NOT NULL,
    node_id text NOT NULL,
    name text,
    resource_type text,
    status text,
    connection text,
    asset text,
    column_name text,
    test_name text,
    severity text,
    failures bigint,
    rows_affected bigint,
    message text,
    execution_seconds double precision,
    executed_at timestamp with time zone,
    owner text,
    layer text
);
CREATE TABLE monitoring.execution_anomalies (
    pipeline_execution_id text,
    pipeline_id text,
    metric_field text,
    name text,
    start_date timestamp with time zone,
    end_date timestamp with time zone,
    violation_value numeric(38,4),
    z_score numeric(38,4),
    historical_mean numeric(38,4),
    std_deviation_value numeric(38,4),
    z_threshold numeric(4,2),
    threshold_min_value numeric(38,4),
    threshold_max_value numeric(38,4),
    cause text,
    context jsonb,
    detected_at timestamp with time zone
);
CREATE TABLE monitoring.pipeline_types (
    name text NOT NULL,
    freshness_number integer,
    freshness_datepart text,
    mute_freshness_check boolean NOT NULL,
    timeliness_number integer,
    timeliness_datepart text,
    mute_timeliness_check boolean NOT NULL,
    created_at timestamp with time zone,
    updated_at timestamp with time zone
);
CREATE VIEW monitoring.watched_pipelines AS
 WITH pipelines AS (
         SELECT pipelines.pipeline_id,
            pipelines.name,
            pipelines.pipeline_type,
            pipelines.origin,
            pipelines.node_id,
            pipelines.owner,
            pipelines.watermark,
            pipelines.next_watermark,
            pipelines.pipeline_metadata,
            pipelines.last_target_insert,
            pipelines.last_target_update,
            pipelines.last_target_soft_delete,
            pipelines.freshness_number,
            pipelines.freshness_datepart,
            pipelines.mute_freshness_check,
            pipelines.timeliness_number,
            pipelines.timeliness_datepart,
            pipelines.mute_timeliness_check,
            pipelines.load_lineage,
            pipelines.active,
            pipelines.input_hash,
            pipelines.created_at,
            pipelines.updated_at
           FROM monitoring.pipelines
          WHERE pipelines.active
        ), pipeline_types AS (
         SELECT pipeline_types.name,
            pipeline_types.freshness_number,
            pipeline_types.freshness_datepart,
            pipeline_types.mute_freshness_check,
            pipeline_types.timeliness_number,
            pipeline_types.timeliness_datepart,
            pipeline_types.mute_timeliness_check,
            pipeline_types.created_at,
            pipeline_types.updated_at
           FROM monitoring.pipeline_types
        ), assets AS (
         SELECT assets.node_id,
            assets.name,
            assets.resource_type,
            assets.connection,
            assets.asset,
            assets.layer,
            assets.owner,
            assets.has_description,
            assets.column_count,
            assets.documented_column_count,
            assets.test_count,
            assets.is_monitored,
            assets.file_path,
            assets.is_active,
            assets.updated_at
           FROM monitoring.assets
        ), limited AS (
         SELECT pipelines.pipeline_id,
            pipelines.name,
            pipelines.pipeline_type,
            pipelines.origin,
            pipelines.node_id,
            pipelines.owner,
            pipelines.watermark,
            pipelines.next_watermark,
            pipelines.pipeline_metadata,
            pipelines.last_target_insert,
            pipelines.last_target_update,
            pipelines.last_target_soft_delete,
            pipelines.freshness_number,
            pipelines.freshness_datepart,
            pipelines.mute_freshness_check,
            pipelines.timeliness_number,
            pipelines.timeliness_datepart,
            pipelines.mute_timeliness_check,
            pipelines.load_lineage,
            pipelines.active,
            pipelines.input_hash,
            pipelines.created_at,
            pipelines.updated_at,
            COALESCE(((pipelines.freshness_number > 0) AND (pipelines.freshness_datepart = ANY (ARRAY['minute'::text, 'hour'::text, 'day'::text, 'week'::text, 'month'::text, 'year'::text]))), false) AS has_own_freshness,
            COALESCE(((pipeline_types.freshness_number > 0) AND (pipeline_types.freshness_datepart = ANY (ARRAY['minute'::text, 'hour'::text, 'day'::text, 'week'::text, 'month'::text, 'year'::text]))), false) AS has_type_freshness,
            pipeline_types.freshness_number AS type_freshness_number,
            pipeline_types.freshness_datepart AS type_freshness_datepart,
            (pipelines.mute_freshness_check OR COALESCE(pipeline_types.mute_freshness_check, false)) AS is_freshness_muted,
            COALESCE(((pipelines.timeliness_number > 0) AND (pipelines.timeliness_datepart = ANY (ARRAY['minute'::text, 'hour'::text, 'day'::text, 'week'::text, 'month'::text, 'year'::text]))), false) AS has_own_timeliness,
            COALESCE(((pipeline_types.timeliness_number > 0) AND (pipeline_types.timeliness_datepart = ANY (ARRAY['minute'::text, 'hour'::text, 'day'::text, 'week'::text, 'month'::text, 'year'::text]))), false) AS has_type_timeliness,
            pipeline_types.timeliness_number AS type_timeliness_number,
            pipeline_types.timeliness_datepart AS type_timeliness_datepart,
            (pipelines.mute_timeliness_check OR COALESCE(pipeline_types.mute_timeliness_check, false)) AS is_timeliness_muted,
            COALESCE(assets.connection, ''::text) AS connection,
            COALESCE(NULLIF(assets.asset, ''::text), pipelines.name) AS asset,
            COALESCE(assets.layer, 'pipeline'::text) AS layer,
            COALESCE(NULLIF(pipelines.owner, ''::text), assets.owner, ''::text) AS asset_owner
           FROM ((pipelines
             LEFT JOIN pipeline_types ON ((pipelines.pipeline_type = pipeline_types.name)))
             LEFT JOIN assets ON ((NULLIF(pipelines.node_id, ''::text) = assets.node_id)))
          WHERE COALESCE(assets.is_active, true)
        ), final AS (
         SELECT limited.pipeline_id,
            limited.name,
            limited.pipeline_type,
            COALESCE(limited.node_id, ''::text) AS node_id,
            limited.connection,
            limited.asset,
            limited.layer,
            limited.asset_owner AS owner,
            ((COALESCE(limited.node_id, ''::text) ~ '^(test|unit_test|source)\.'::text) OR (limited.pipeline_type = ANY (ARRAY['dbt test'::text, 'dbt unit_test'::text, 'dbt source'::text]))) AS is_dbt_check,
                CASE
                    WHEN limited.has_own_freshness THEN limited.freshness_number
                    WHEN limited.has_type_freshness THEN limited.type_freshness_number
                    ELSE NULL::integer
                END AS freshness_number,
                CASE
                    WHEN limited.has_own_freshness THEN limited.freshness_datepart
                    WHEN limited.has_type_freshness THEN limited.type_freshness_datepart
                    ELSE NULL::text
                END AS freshness_datepart,
            limited.has_own_freshness AS has_own_freshness_limit,
            limited.is_freshness_muted,
                CASE
                    WHEN limited.has_own_timeliness THEN limited.timeliness_number
                    WHEN limited.has_type_timeliness THEN limited.type_timeliness_number
                    ELSE NULL::integer
                END AS timeliness_number,
                CASE
                    WHEN limited.has_own_timeliness THEN limited.timeliness_datepart
                    WHEN limited.has_type_timeliness THEN limited.type_timeliness_datepart
                    ELSE NULL::text
                END AS timeliness_datepart,
            limited.has_own_timeliness AS has_own_timeliness_limit,
            limited.is_timeliness_muted,
            limited.last_target_insert,
            limited.last_target_update,
            limited.last_target_soft_delete,
            limited.created_at
           FROM limited
        )
 SELECT pipeline_id,
    name,
    pipeline_type,
    node_id,
    connection,
    asset,
    layer,
    owner,
    is_dbt_check,
    freshness_number,
    freshness_datepart,
    has_own_freshness_limit,
    is_freshness_muted,
    timeliness_number,
    timeliness_datepart,
    has_own_timeliness_limit,
    is_timeliness_muted,
    last_target_insert,
    last_target_update,
    last_target_soft_delete,
    created_at
   FROM final;
CREATE VIEW monitoring.failing_executions AS
 WITH watched_pipelines AS (
         SELECT watched_pipelines.pipeline_id,
            watched_pipelines.name,
            watched_pipelines.pipeline_type,
            watched_pipelines.node_id,
            watched_pipelines.connection,
            watched_pipelines.asset,
            watched_pipelines.layer,
            watched_pipelines.owner,
            watched_pipelines.is_dbt_check,
            watched_pipelines.freshness_number,
            watched_pipelines.freshness_datepart,
            watched_pipelines.has_own_freshness_limit,
            watched_pipelines.is_freshness_muted,
            watched_pipelines.timeliness_number,
            watched_pipelines.timeliness_datepart,
            watched_pipelines.has_own_timeliness_limit,
            watched_pipelines.is_timeliness_muted,
            watched_pipelines.last_target_insert,
            watched_pipelines.last_target_update,
            watched_pipelines.last_target_soft_delete,
            watched_pipelines.created_at
           FROM monitoring.watched_pipelines
        ), failing AS (
         SELECT watched_pipelines.pipeline_id,
            watched_pipelines.name,
            watched_pipelines.pipeline_type,
            watched_pipelines.node_id,
            watched_pipelines.connection,
            watched_pipelines.asset,
            watched_pipelines.layer,
            watched_pipelines.owner,
            watched_pipelines.is_dbt_check,
            watched_pipelines.freshness_number,
            watched_pipelines.freshness_datepart,
            watched_pipelines.has_own_freshness_limit,
            watched_pipelines.is_freshness_muted,
            watched_pipelines.timeliness_number,
            watched_pipelines.timeliness_datepart,
            watched_pipelines.has_own_timeliness_limit,
            watched_pipelines.is_timeliness_muted,
            watched_pipelines.last_target_insert,
            watched_pipelines.last_target_update,
            watched_pipelines.last_target_soft_delete,
            watched_pipelines.created_at,
            newest.execution_id,
            newest.parent_id,
            newest.end_date,
            newest.status,
            newest.error,
            success.start_date AS succeeded_at
           FROM (((watched_pipelines
             CROSS JOIN LATERAL ( SELECT runs.start_date
                   FROM monitoring.pipeline_runs runs
                  WHERE ((runs.pipeline_id = watched_pipelines.pipeline_id) AND (NOT runs.is_running) AND (runs.status IS DISTINCT FROM 'skipped'::text))
                  ORDER BY runs.start_date DESC
                 LIMIT 1) last)
             CROSS JOIN LATERAL ( SELECT runs.execution_id,
                    runs.parent_id,
                    runs.pipeline_id,
                    runs.kind,
                    runs.start_date,
                    runs.date_recorded,
                    runs.hour_recorded,
                    runs.end_date,
                    runs.completed_successfully,
                    runs.status,
                    runs.duration_seconds,
                    runs.inserts,
                    runs.updates,
                    runs.soft_deletes,
                    runs.total_rows,
                    runs.throughput,
                    runs.error,
                    runs.is_running
                   FROM monitoring.pipeline_runs runs
                  WHERE ((runs.pipeline_id = watched_pipelines.pipeline_id) AND (runs.start_date = last.start_date) AND (NOT runs.is_running) AND (runs.status IS DISTINCT FROM 'skipped'::text))
                  ORDER BY runs.completed_successfully DESC, runs.end_date DESC, runs.execution_id
                 LIMIT 1) newest)
             LEFT JOIN LATERAL ( SELECT runs.start_date
                   FROM monitoring.pipeline_runs runs
                  WHERE ((runs.pipeline_id = watched_pipelines.pipeline_id) AND runs.completed_successfully)
                  ORDER BY runs.start_date DESC
                 LIMIT 1) success ON (true))
          WHERE (NOT newest.completed_successfully)
        ), streaks AS (
         SELECT failing.pipeline_id,
            failing.name,
            failing.pipeline_type,
            failing.node_id,
            failing.connection,
            failing.asset,
            failing.layer,
            failing.owner,
            failing.is_dbt_check,
            failing.freshness_number,
            failing.freshness_datepart,
            failing.has_own_freshness_limit,
            failing.is_freshness_muted,
            failing.timeliness_number,
            failing.timeliness_datepart,
            failing.has_own_timeliness_limit,
            failing.is_timeliness_muted,
            failing.last_target_insert,
            failing.last_target_update,
            failing.last_target_soft_delete,
            failing.created_at,
            failing.execution_id,
            failing.parent_id,
            failing.end_date,
            failing.status,
            failing.error,
            failing.succeeded_at,
            streak.failing_since,
            streak.failures
           FROM (failing
             CROSS JOIN LATERAL ( SELECT min(runs.start_date) AS failing_since,
                    count(*) AS failures
                   FROM monitoring.pipeline_runs runs
                  WHERE ((runs.pipeline_id = failing.pipeline_id) AND (runs.start_date > COALESCE(failing.succeeded_at, '-infinity'::timestamp with time zone)) AND (NOT runs.completed_successfully) AND (runs.status IS DISTINCT FROM 'skipped'::text))) streak)
        ), reported_below AS (
         SELECT DISTINCT failing.parent_id
           FROM failing
          WHERE ((failing.parent_id IS NOT NULL) AND (NOT (failing.is_dbt_check AND (NOT (failing.status IS DISTINCT FROM 'killed'::text)))))
        ), contract_failures AS (
         SELECT DISTINCT contract_violations.connection,
            contract_violations.asset
           FROM monitoring.contract_violations
          WHERE (contract_violations.found_by = 'dbt build'::text)
        ), final AS (
         SELECT streaks.pipeline_id,
            streaks.name,
            streaks.pipeline_type,
            streaks.node_id,
            streaks.connection,
            streaks.asset,
            streaks.layer,
            streaks.owner,
            streaks.is_dbt_check,
            streaks.freshness_number,
            streaks.freshness_datepart,
            streaks.has_own_freshness_limit,
            streaks.is_freshness_muted,
            streaks.timeliness_number,
            streaks.timeliness_datepart,
            streaks.has_own_timeliness_limit,
            streaks.is_timeliness_muted,
            streaks.last_target_insert,
            streaks.last_target_update,
            streaks.last_target_soft_delete,
            streaks.created_at,
            streaks.execution_id,
            streaks.parent_id,
            streaks.end_date,
            streaks.status,
            streaks.error,
            streaks.succeeded_at,
            streaks.failing_since,
            streaks.failures
           FROM ((streaks
             LEFT JOIN reported_below ON ((streaks.execution_id = reported_below.parent_id)))
             LEFT JOIN contract_failures ON (((streaks.node_id <> ''::text) AND (streaks.connection = contract_failures.connection) AND (streaks.asset = contract_failures.asset))))
          WHERE ((NOT streaks.is_dbt_check) AND (reported_below.parent_id IS NULL) AND (contract_failures.asset IS NULL))
        )
 SELECT pipeline_id,
    name,
    pipeline_type,
    node_id,
    connection,
    asset,
    layer,
    owner,
    is_dbt_check,
    freshness_number,
    freshness_datepart,
    has_own_freshness_limit,
    is_freshness_muted,
    timeliness_number,
    timeliness_datepart,
    has_own_timeliness_limit,
    is_timeliness_muted,
    last_target_insert,
    last_target_update,
    last_target_soft_delete,
    created_at,
    execution_id,
    parent_id,
    end_date,
    status,
    error,
    succeeded_at,
    failing_since,
    failures
   FROM final;
CREATE TABLE monitoring.lineage_closure (
    source_address_id text NOT NULL,
    target_address_id text NOT NULL,
    depth integer NOT NULL
);
CREATE VIEW monitoring.lineage_cycles AS
 WITH edges AS (
         SELECT address_lineage.pipeline_id,
            address_lineage.source_address_id,
            address_lineage.target_address_id,
            address_lineage.declared_at
           FROM monitoring.address_lineage
        ), closure AS (
         SELECT lineage_closure.source_address_id,
            lineage_closure.target_address_id,
            lineage_closure.depth
           FROM monitoring.lineage_closure
        ), addresses AS (
         SELECT addresses.address_id,
            addresses.name,
            addresses.address_type,
            addresses.database_name,
            addresses.schema_name,
            addresses.table_name,
            addresses.primary_key,
            addresses.address_metadata,
            addresses.node_id,
            addresses.owner,
            addresses.input_hash,
            addresses.is_active,
            addresses.created_at,
            addresses.updated_at
           FROM monitoring.addresses
        ), pipelines AS (
         SELECT pipelines.pipeline_id,
            pipelines.name,
            pipelines.pipeline_type,
            pipelines.origin,
            pipelines.node_id,
            pipelines.owner,
            pipelines.watermark,
            pipelines.next_watermark,
            pipelines.pipeline_metadata,
            pipelines.last_target_insert,
            pipelines.last_target_update,
            pipelines.last_target_soft_delete,
            pipelines.freshness_number,
            pipelines.freshness_datepart,
            pipelines.mute_freshness_check,
            pipelines.timeliness_number,
            pipelines.timeliness_datepart,
            pipelines.mute_timeliness_check,
            pipelines.load_lineage,
            pipelines.active,
            pipelines.input_hash,
            pipelines.created_at,
            pipelines.updated_at
           FROM monitoring.pipelines
        ), looping AS MATERIALIZED (
         SELECT edges.pipeline_id,
            edges.source_address_id,
            edges.target_address_id,
            edges.declared_at,
            (closure.depth + 1) AS loop_length
           FROM (edges
             JOIN closure ON (((edges.target_address_id = closure.source_address_id) AND (edges.source_address_id = closure.target_address_id))))
        ), members AS MATERIALIZED (
         SELECT DISTINCT looping.source_address_id AS address_id
           FROM looping
        ), cycles AS MATERIALIZED (
         SELECT members.address_id,
            min(others.address_id) AS cycle_key
           FROM (((members
             JOIN closure there ON ((members.address_id = there.source_address_id)))
             JOIN members others ON ((there.target_address_id = others.address_id)))
             JOIN closure back ON (((others.address_id = back.source_address_id) AND (members.address_id = back.target_address_id))))
          GROUP BY members.address_id
        ), final AS (
         SELECT cycles.cycle_key,
            (count(DISTINCT looping.source_address_id))::integer AS address_count,
            min(looping.loop_length) AS shortest_loop,
            array_agg(DISTINCT addresses.name ORDER BY addresses.name) AS address_names,
            array_agg(DISTINCT COALESCE(pipelines.name, NULLIF(targets.node_id, ''::text), looping.pipeline_id)) AS pipeline_names
           FROM ((((looping
             JOIN cycles ON ((looping.source_address_id = cycles.address_id)))
             JOIN addresses ON ((looping.source_address_id = addresses.address_id)))
             JOIN addresses targets ON ((looping.target_address_id = targets.address_id)))
             LEFT JOIN pipelines ON ((looping.pipeline_id = pipelines.pipeline_id)))
          GROUP BY cycles.cycle_key
        )
 SELECT cycle_key,
    address_count,
    shortest_loop,
    address_names,
    pipeline_names
   FROM final;
CREATE VIEW monitoring.lineage_graph AS
 WITH closure AS (
         SELECT lineage_closure.source_address_id,
            lineage_closure.target_address_id,
            lineage_closure.depth
           FROM monitoring.lineage_closure
          WHERE (lineage_closure.depth > 0)
        ), edges AS (
         SELECT address_lineage.pipeline_id,
            address_lineage.source_address_id,
            address_lineage.target_address_id,
            address_lineage.declared_at
           FROM monitoring.address_lineage
        ), pipelines AS (
         SELECT pipelines.pipeline_id,
            pipelines.name,
            pipelines.pipeline_type,
            pipelines.origin,
            pipelines.node_id,
            pipelines.owner,
            pipelines.watermark,
            pipelines.next_watermark,
            pipelines.pipeline_metadata,
            pipelines.last_target_insert,
            pipelines.last_target_update,
            pipelines.last_target_soft_delete,
            pipelines.freshness_number,
            pipelines.freshness_datepart,
            pipelines.mute_freshness_check,
            pipelines.timeliness_number,
            pipelines.timeliness_datepart,
            pipelines.mute_timeliness_check,
            pipelines.load_lineage,
            pipelines.active,
            pipelines.input_hash,
            pipelines.created_at,
            pipelines.updated_at
           FROM monitoring.pipelines
        ), address_types AS (
         SELECT address_types.name,
            address_types.group_name,
            address_types.created_at,
            address_types.updated_at
           FROM monitoring.address_types
        ), addresses AS (
         SELECT addresses.address_id,
            addresses.name,
            addresses.address_type,
            addresses.database_name,
            addresses.schema_name,
            addresses.table_name,
            addresses.primary_key,
            addresses.address_metadata,
            addresses.node_id,
            addresses.owner,
            addresses.input_hash,
            addresses.is_active,
            addresses.created_at,
            addresses.updated_at,
            address_types.group_name
           FROM (monitoring.addresses addresses
             LEFT JOIN address_types ON ((addresses.address_type = address_types.name)))
        ), final AS (
         SELECT closure.source_address_id,
            upstream.name AS source_name,
            upstream.address_type AS source_type,
            upstream.group_name AS source_group,
            upstream.owner AS source_owner,
            upstream.address_metadata AS source_metadata,
            closure.target_address_id,
            downstream.name AS target_name,
            downstream.address_type AS target_type,
            downstream.group_name AS target_group,
            downstream.owner AS target_owner,
            downstream.address_metadata AS target_metadata,
            closure.depth,
            edges.pipeline_id,
                CASE
                    WHEN (edges.pipeline_id IS NOT NULL) THEN COALESCE(pipelines.name, NULLIF(downstream.node_id, ''::text))
                    ELSE NULL::text
                END AS pipeline_name,
            pipelines.pipeline_type,
            pipelines.pipeline_metadata,
            pipelines.active AS pipeline_active
           FROM ((((closure
             JOIN addresses upstream ON ((closure.source_address_id = upstream.address_id)))
             JOIN addresses downstream ON ((closure.target_address_id = downstream.address_id)))
             LEFT JOIN edges ON (((closure.source_address_id = edges.source_address_id) AND (closure.target_address_id = edges.target_address_id))))
             LEFT JOIN pipelines ON ((edges.pipeline_id = pipelines.pipeline_id)))
        )
 SELECT source_address_id,
    source_name,
    source_type,
    source_group,
    source_owner,
    source_metadata,
    target_address_id,
    target_name,
    target_type,
    target_group,
    target_owner,
    target_metadata,
    depth,
    pipeline_id,
    pipeline_name,
    pipeline_type,
    pipeline_metadata,
    pipeline_active
   FROM final;
CREATE TABLE monitoring.lookout_runs (
    run_id text NOT NULL,
    batch_number bigint,
    command text,
    as_of timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    status text,
    exit_code integer,
    learned_through bigint,
    message text
);
CREATE TABLE monitoring.metric_observations (
    series_key text NOT NULL,
    connection text,
    asset text,
    column_name text,
    metric text,
    kind text,
    grain text,
    bucket_start timestamp with time zone NOT NULL,
    value double precision,
    observed_at timestamp with time zone,
    batch_number bigint
);
CREATE TABLE monitoring.pipeline_execution_closure (
    parent_execution_id text NOT NULL,
    child_execution_id text NOT NULL,
    depth integer NOT NULL
);
CREATE VIEW monitoring.pipeline_execution_flags AS
 WITH flags AS (
         SELECT execution_anomalies.pipeline_execution_id,
            execution_anomalies.metric_field,
            true AS is_flagged
           FROM monitoring.execution_anomalies
        UNION ALL
         SELECT anomaly_unflags.execution_id,
            anomaly_unflags.metric_field,
            false
           FROM monitoring.anomaly_unflags
        ), final AS (
         SELECT flags.pipeline_execution_id,
            jsonb_object_agg(flags.metric_field, flags.is_flagged) AS anomaly_flags
           FROM flags
          GROUP BY flags.pipeline_execution_id
        )
 SELECT pipeline_execution_id,
    anomaly_flags
   FROM final;
CREATE TABLE monitoring.pipeline_freshness (
    freshness_key text,
    pipeline_id text,
    name text,
    pipeline_type text,
    owner text,
    last_dml_timestamp timestamp with time zone,
    stale_since timestamp with time zone,
    evaluation_timestamp timestamp with time zone,
    freshness_number integer,
    freshness_datepart text,
    used_child_config boolean,
    is_current boolean,
    ended_at timestamp with time zone,
    created_at timestamp with time zone
);
CREATE VIEW monitoring.pipeline_timeliness AS
 WITH watched_pipelines AS (
         SELECT watched_pipelines.pipeline_id,
            watched_pipelines.name,
            watched_pipelines.pipeline_type,
            watched_pipelines.node_id,
            watched_pipelines.connection,
            watched_pipelines.asset,
            watched_pipelines.layer,
            watched_pipelines.owner,
            watched_pipelines.is_dbt_check,
            watched_pipelines.freshness_number,
            watched_pipelines.freshness_datepart,
            watched_pipelines.has_own_freshness_limit,
            watched_pipelines.is_freshness_muted,
            watched_pipelines.timeliness_number,
            watched_pipelines.timeliness_datepart,
            watched_pipelines.has_own_timeliness_limit,
            watched_pipelines.is_timeliness_muted,
            watched_pipelines.last_target_insert,
            watched_pipelines.last_target_update,
            watched_pipelines.last_target_soft_delete,
            watched_pipelines.created_at
           FROM monitoring.watched_pipelines
          WHERE ((watched_pipelines.timeliness_number IS NOT NULL) AND (NOT watched_pipelines.is_timeliness_muted))
        ), timed AS (
         SELECT watched_pipelines.pipeline_id,
            watched_pipelines.name,
            watched_pipelines.pipeline_type,
            watched_pipelines.node_id,
            watched_pipelines.connection,
            watched_pipelines.asset,
            watched_pipelines.layer,
            watched_pipelines.owner,
            watched_pipelines.is_dbt_check,
            watched_pipelines.freshness_number,
            watched_pipelines.freshness_datepart,
            watched_pipelines.has_own_freshness_limit,
            watched_pipelines.is_freshness_muted,
            watched_pipelines.timeliness_number,
            watched_pipelines.timeliness_datepart,
            watched_pipelines.has_own_timeliness_limit,
            watched_pipelines.is_timeliness_muted,
            watched_pipelines.last_target_insert,
            watched_pipelines.last_target_update,
            watched_pipelines.last_target_soft_delete,
            watched_pipelines.created_at,
            pipeline_runs.execution_id,
            pipeline_runs.start_date,
            pipeline_runs.end_date,
            pipeline_runs.duration_seconds,
            pipeline_runs.is_running,
            pipeline_runs.completed_successfully,
            (((pipeline_runs.start_date AT TIME ZONE 'UTC'::text) +
                CASE watched_pipelines.timeliness_datepart
                    WHEN 'minute'::text THEN ((watched_pipelines.timeliness_number)::double precision * '00:01:00'::interval)
                    WHEN 'hour'::text THEN ((watched_pipelines.timeliness_number)::double precision * '01:00:00'::interval)
                    WHEN 'day'::text THEN ((LEAST(watched_pipelines.timeliness_number, 100000))::double precision * '1 day'::interval)
                    WHEN 'week'::text THEN ((LEAST(watched_pipelines.timeliness_number, 100000))::double precision * '7 days'::interval)
                    WHEN 'month'::text THEN ((LEAST(watched_pipelines.timeliness_number, 100000))::double precision * '1 mon'::interval)
                    WHEN 'year'::text THEN ((LEAST(watched_pipelines.timeliness_number, 100000))::double precision * '1 year'::interval)
                    ELSE NULL::interval
                END) AT TIME ZONE 'UTC'::text) AS due_at
           FROM (watched_pipelines
             JOIN monitoring.pipeline_runs pipeline_runs ON ((watched_pipelines.pipeline_id = pipeline_runs.pipeline_id)))
        ), late AS (
         SELECT timed.pipeline_id,
            timed.name,
            timed.pipeline_type,
            timed.node_id,
            timed.connection,
            timed.asset,
            timed.layer,
            timed.owner,
            timed.is_dbt_check,
            timed.freshness_number,
            timed.freshness_datepart,
            timed.has_own_freshness_limit,
            timed.is_freshness_muted,
            timed.timeliness_number,
            timed.timeliness_datepart,
            timed.has_own_timeliness_limit,
            timed.is_timeliness_muted,
            timed.last_target_insert,
            timed.last_target_update,
            timed.last_target_soft_delete,
            timed.created_at,
            timed.execution_id,
            timed.start_date,
            timed.end_date,
            timed.duration_seconds,
            timed.is_running,
            timed.completed_successfully,
            timed.due_at
           FROM timed
          WHERE ((timed.is_running AND (timed.due_at < '2026-03-03 08:00:00+00'::timestamp with time zone)) OR (timed.completed_successfully AND (timed.due_at < timed.end_date)))
        ), dated AS (
         SELECT late.pipeline_id,
            late.name,
            late.pipeline_type,
            late.node_id,
            late.connection,
            late.asset,
            late.layer,
            late.owner,
            late.is_dbt_check,
            late.freshness_number,
            late.freshness_datepart,
            late.has_own_freshness_limit,
            late.is_freshness_muted,
            late.timeliness_number,
            late.timeliness_datepart,
            late.has_own_timeliness_limit,
            late.is_timeliness_muted,
            late.last_target_insert,
            late.last_target_update,
            late.last_target_soft_delete,
            late.created_at,
            late.execution_id,
            late.start_date,
            late.end_date,
            late.duration_seconds,
            late.is_running,
            late.completed_successfully,
            late.due_at,
            newest_success.start_date AS newest_success
           FROM (late
             LEFT JOIN LATERAL ( SELECT runs.start_date
                   FROM monitoring.pipeline_runs runs
                  WHERE ((runs.pipeline_id = late.pipeline_id) AND runs.completed_successfully)
                  ORDER BY runs.start_date DESC
                 LIMIT 1) newest_success ON (true))
        ), final AS (
         SELECT dated.execution_id AS pipeline_execution_id,
            dated.pipeline_id,
            dated.name,
            dated.pipeline_type,
            dated.owner,
            dated.connection,
            dated.asset,
            dated.layer,
            dated.start_date,
            dated.end_date,
            (dated.duration_seconds)::bigint AS duration_seconds,
            (EXTRACT(epoch FROM (dated.due_at - dated.start_date)))::bigint AS seconds_threshold,
                CASE
                    WHEN dated.is_running THEN 'running'::text
                    ELSE 'completed'::text
                END AS execution_status,
            dated.timeliness_number AS timely_number,
            dated.timeliness_datepart AS timely_datepart,
            dated.has_own_timeliness_limit AS used_child_config,
            (dated.is_running OR (dated.newest_success <= dated.start_date)) AS is_current,
            dated.due_at AS created_at
           FROM dated
        )
 SELECT pipeline_execution_id,
    pipeline_id,
    name,
    pipeline_type,
    owner,
    connection,
    asset,
    layer,
    start_date,
    end_date,
    duration_seconds,
    seconds_threshold,
    execution_status,
    timely_number,
    timely_datepart,
    used_child_config,
    is_current,
    created_at
   FROM final;
CREATE TABLE monitoring.schema_changes (
    connection text NOT NULL,
    asset text NOT NULL,
    subject text NOT NULL,
    version_number integer NOT NULL,
    column_name text NOT NULL,
    change_type text NOT NULL,
    detail text NOT NULL,
    old_value text,
    new_value text,
    seen_at timestamp with time zone,
    owner text
);
CREATE TABLE monitoring.schema_versions (
    connection text NOT NULL,
    asset text NOT NULL,
    subject text NOT NULL,
    version_number integer NOT NULL,
    definition text,
    definition_hash text,
    first_seen_at timestamp with time zone,
    run_id text
);
CREATE TABLE monitoring.scorecard (
    scope text CONSTRAINT scorecard__dbt_tmp_scope_not_null NOT NULL,
    connection text CONSTRAINT scorecard__dbt_tmp_connection_not_null NOT NULL,
    name text CONSTRAINT scorecard__dbt_tmp_name_not_null NOT NULL,
    score double precision,
    status text CONSTRAINT scorecard__dbt_tmp_status_not_null NOT NULL,
    baseline_count bigint,
    critical_alerts bigint,
    warning_alerts bigint,
    volume_alerts bigint,
    freshness_alerts bigint,
    metric_alerts bigint,
    contract_alerts bigint,
    test_alerts bigint,
    pipeline_alerts bigint,
    source_alerts bigint,
    unevaluated_assets bigint,
    asset_count bigint,
    monitored_count bigint,
    described_count bigint,
    tested_count bigint,
    tests_passed bigint,
    tests_failed bigint,
    contract_count bigint,
    unevaluated_contracts bigint,
    last_evaluated_at timestamp with time zone,
    as_of timestamp with time zone CONSTRAINT scorecard__dbt_tmp_as_of_not_null NOT NULL
);
CREATE TABLE monitoring.watermarks (
    pipeline_id text NOT NULL,
    execution_id text NOT NULL,
    previous_watermark text,
    watermark text,
    set_by text,
    advanced_at timestamp with time zone
);
INSERT INTO monitoring.address_types VALUES
	('dbt model', 'database', '2026-03-02 00:00:00+00', NULL),
	('dbt source', 'database', '2026-03-02 00:00:00+00', NULL);
INSERT INTO monitoring.addresses VALUES
	('3f03617b84bc4ef67265518f60c7b71e', 'public.orders', 'dbt source', 'observed', 'public', 'orders', NULL, '{"dbt_name": "shop.orders"}', 'source.observed.shop.orders', 'sales', '462e6616c7078f97319b9bc0457ecfe085d8d82a9e74275964294e628663a8b2', true, '2026-03-02 00:00:00+00', NULL),
	('97b89fa4b383268eda1e579c10013e85', 'public.payments', 'dbt source', 'observed', 'public', 'payments', NULL, '{"dbt_name": "shop.payments"}', 'source.observed.shop.payments', 'finance', '4a8a9ffaae59606c7a400a568f7d846924ec292a1f040f23f962f94ebadd7af9', true, '2026-03-02 00:00:00+00', NULL);
INSERT INTO monitoring.alert_candidates VALUES
	('5af3b1f1bab0dbbbb1d5d4cca1c6ee49', 'VOLUME_ANOMALY', 'critical', 'observed', 'public.payments', '', 'row_count', 'finance', 'batch', '553b8f2c44ddad43427fe3275b0f60cc', '2026-03-02 00:00:00+00', '2026-03-03 00:00:00+00', 6, 20, 19, 21, -6, 'changed from 20, the value it always had, to 6', 'row_count was 6, expected about 20', true, '2026-03-03 08:00:00+00'),
	('12b632bb060be24c5af0960a26f3774e', 'VOLUME_ANOMALY', 'critical', 'observed', 'public.orders', '', 'row_count', 'sales', 'batch', 'fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-20 00:00:00+00', '2026-02-21 00:00:00+00', 5, 20, 19, 21, -6, 'changed from 20, the value it always had, to 5', 'row_count was 5, expected about 20', false, '2026-03-03 08:00:00+00'),
	('d7af043c44a6b729dfa3f863045a9b8b', 'VOLUME_ANOMALY', 'critical', 'observed', 'public.orders', '', 'row_count', 'sales', 'batch', 'fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-02 00:00:00+00', '2026-03-03 00:00:00+00', 6, 20, 19, 21, -4.013079174724018, '30 % of the usual 20', 'row_count was 6, expected about 20', true, '2026-03-03 08:00:00+00'),
	('c8b8e42041353bcdc16d0064f6c9a10b', 'CONTRACT_VIOLATION', 'critical', 'observed', 'public.orders', 'id', 'type_changed', 'sales', 'batch', NULL, '2026-03-02 00:00:00+00', '2026-03-03 08:00:00+00', NULL, NULL, NULL, NULL, NULL, 'expected text, found integer', 'a column changed its type', true, '2026-03-03 08:00:00+00'),
	('6e66f306009b61fdaabb24a036283524', 'PIPELINE_ANOMALY', 'critical', '', 'nightly', '', 'failed_executions', 'sales', 'pipeline', NULL, '2026-03-01 22:00:00+00', '2026-03-01 22:07:00+00', 1, 0, NULL, NULL, NULL, 'division by zero', 'the last execution failed', true, '2026-03-03 08:00:00+00');
INSERT INTO monitoring.alert_deliveries VALUES
	('c8b8e42041353bcdc16d0064f6c9a10b', 'team', 1, 'opened', 'sent', 'sales', 'critical', 'open', '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00', 1, NULL, NULL, '0395803bcf1f', '2026-11-29 09:02:56.620543+00', NULL),
	('6e66f306009b61fdaabb24a036283524', 'team', 1, 'opened', 'sent', 'sales', 'critical', 'open', '2026-03-03 00:00:00+00', '2026-03-03 00:00:00+00', 1, NULL, NULL, 'cf341ecdac8a', '2026-11-29 09:03:03.433925+00', NULL),
	('d7af043c44a6b729dfa3f863045a9b8b', 'team', 1, 'opened', 'sent', 'sales', 'critical', 'open', '2026-03-03 00:00:00+00', '2026-03-03 00:00:00+00', 1, NULL, NULL, 'cf341ecdac8a', '2026-11-29 09:03:03.433925+00', NULL),
	('5af3b1f1bab0dbbbb1d5d4cca1c6ee49', 'team', 1, 'opened', 'sent', 'finance', 'critical', 'open', '2026-03-03 00:00:00+00', '2026-03-03 00:00:00+00', 1, NULL, NULL, 'fea02705c523', '2026-11-29 09:03:03.438642+00', NULL);
INSERT INTO monitoring.alert_feedback VALUES
	(1, 'afb690199c101deb366a4d8eeab57946', '553b8f2c44ddad43427fe3275b0f60cc', 'expected', '2026-02-20 00:00:00+00', '2026-02-21 00:00:00+00', 'a holiday', 'root', '2026-11-29 09:03:08.517936+00', 3);
INSERT INTO monitoring.alert_impact VALUES
	('c8b8e42041353bcdc16d0064f6c9a10b', 0, '{}', '{}', '{}', '{}', NULL, NULL),
	('d7af043c44a6b729dfa3f863045a9b8b', 0, '{}', '{}', '{}', '{}', NULL, NULL),
	('12b632bb060be24c5af0960a26f3774e', 0, '{}', '{}', '{}', '{}', NULL, NULL),
	('6e66f306009b61fdaabb24a036283524', 0, '{}', '{}', '{}', '{}', NULL, NULL),
	('5af3b1f1bab0dbbbb1d5d4cca1c6ee49', 0, '{}', '{}', '{}', '{}', NULL, NULL),
	('afb690199c101deb366a4d8eeab57946', 0, '{}', '{}', '{}', '{}', NULL, NULL);
INSERT INTO monitoring.alert_mutes VALUES
	(1, 'ack', 'c8b8e42041353bcdc16d0064f6c9a10b', '', 'critical', NULL, 'on it', 'root', '2026-11-29 09:03:04.779827+00', NULL),
	(2, 'mute', '', 'public.payments', '', '2027-01-01 00:00:00+00', '', 'root', '2026-11-29 09:03:06.542052+00', NULL);
INSERT INTO monitoring.alerts VALUES
	('afb690199c101deb366a4d8eeab57946', 'VOLUME_ANOMALY', 'critical', 'resolved', 'observed', 'public.payments', '', 'row_count', '2026-02-20 00:00:00+00', '2026-02-21 00:00:00+00', 5, 20, 19, 21, -6, 'changed from 20, the value it always had, to 5', 'row_count was 5, expected about 20', 'finance', 'batch', '553b8f2c44ddad43427fe3275b0f60cc', '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00', 1, '2026-03-02 00:00:00+00', NULL),
	('12b632bb060be24c5af0960a26f3774e', 'VOLUME_ANOMALY', 'critical', 'resolved', 'observed', 'public.orders', '', 'row_count', '2026-02-20 00:00:00+00', '2026-02-21 00:00:00+00', 5, 20, 19, 21, -6, 'changed from 20, the value it always had, to 5', 'row_count was 5, expected about 20', 'sales', 'batch', 'fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00', 1, '2026-03-02 00:00:00+00', NULL),
	('5af3b1f1bab0dbbbb1d5d4cca1c6ee49', 'VOLUME_ANOMALY', 'critical', 'open', 'observed', 'public.payments', '', 'row_count', '2026-03-02 00:00:00+00', '2026-03-03 00:00:00+00', 6, 20, 19, 21, -6, 'changed from 20, the value it always had, to 6', 'row_count was 6, expected about 20', 'finance', 'batch', '553b8f2c44ddad43427fe3275b0f60cc', '2026-03-03 00:00:00+00', '2026-03-03 08:00:00+00', 2, NULL, NULL),
	('d7af043c44a6b729dfa3f863045a9b8b', 'VOLUME_ANOMALY', 'critical', 'open', 'observed', 'public.orders', '', 'row_count', '2026-03-02 00:00:00+00', '2026-03-03 00:00:00+00', 6, 20, 19, 21, -4.013079174724018, '30 % of the usual 20', 'row_count was 6, expected about 20', 'sales', 'batch', 'fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-03 00:00:00+00', '2026-03-03 08:00:00+00', 2, NULL, NULL),
	('c8b8e42041353bcdc16d0064f6c9a10b', 'CONTRACT_VIOLATION', 'critical', 'open', 'observed', 'public.orders', 'id', 'type_changed', '2026-03-02 00:00:00+00', '2026-03-03 08:00:00+00', NULL, NULL, NULL, NULL, NULL, 'expected text, found integer', 'a column changed its type', 'sales', 'batch', NULL, '2026-03-02 00:00:00+00', '2026-03-03 08:00:00+00', 3, NULL, NULL),
	('6e66f306009b61fdaabb24a036283524', 'PIPELINE_ANOMALY', 'critical', 'open', '', 'nightly', '', 'failed_executions', '2026-03-01 22:00:00+00', '2026-03-01 22:07:00+00', 1, 0, NULL, NULL, NULL, 'division by zero', 'the last execution failed', 'sales', 'pipeline', NULL, '2026-03-03 00:00:00+00', '2026-03-03 08:00:00+00', 2, NULL, NULL);
INSERT INTO monitoring.anomaly_detection_rules VALUES
	('0ae3489815127120cfb606170a053745', 'duration_seconds', 3.00, 30, 30, true, '2026-03-01 04:00:00+00', NULL),
	('0ae3489815127120cfb606170a053745', 'inserts', 3.00, 30, 30, true, '2026-03-01 04:00:00+00', NULL),
	('0ae3489815127120cfb606170a053745', 'soft_deletes', 3.00, 30, 30, true, '2026-03-01 04:00:00+00', NULL),
	('0ae3489815127120cfb606170a053745', 'throughput', 3.00, 30, 30, true, '2026-03-01 04:00:00+00', NULL),
	('0ae3489815127120cfb606170a053745', 'total_rows', 3.00, 30, 30, true, '2026-03-01 04:00:00+00', NULL),
	('0ae3489815127120cfb606170a053745', 'updates', 3.00, 30, 30, true, '2026-03-01 04:00:00+00', NULL);
INSERT INTO monitoring.assets VALUES
	('source.observed.shop.orders', 'orders', 'source', 'observed', 'public.orders', 'source', 'sales', false, 2, 0, 0, true, 'models/sources.yml', true, '2026-03-02 00:00:00+00'),
	('source.observed.shop.payments', 'payments', 'source', 'observed', 'public.payments', 'source', 'finance', false, 0, 0, 0, true, 'models/sources.yml', true, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-01 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 0, 'learned', NULL, '', 'needs 14 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-02 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 1, 'learned', NULL, '', 'needs 13 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-03 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 2, 'learned', NULL, '', 'needs 12 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-04 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 3, 'learned', NULL, '', 'needs 11 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-05 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 4, 'learned', NULL, '', 'needs 10 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-06 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 5, 'learned', NULL, '', 'needs 9 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-07 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 6, 'learned', NULL, '', 'needs 8 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-08 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 7, 'learned', NULL, '', 'needs 7 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-09 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 8, 'learned', NULL, '', 'needs 6 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-10 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 9, 'learned', NULL, '', 'needs 5 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-11 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 10, 'learned', NULL, '', 'needs 4 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-12 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 11, 'learned', NULL, '', 'needs 3 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-13 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 12, 'learned', NULL, '', 'needs 2 more days of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-14 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 13, 'learned', NULL, '', 'needs 1 more day of history', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-15 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 14, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-16 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 15, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-17 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 16, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-18 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 17, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-19 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 18, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-01 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 0, 'learned', NULL, '', 'needs 14 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-02 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 1, 'learned', NULL, '', 'needs 13 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-03 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 2, 'learned', NULL, '', 'needs 12 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-04 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 3, 'learned', NULL, '', 'needs 11 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-05 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 4, 'learned', NULL, '', 'needs 10 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-06 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 5, 'learned', NULL, '', 'needs 9 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-07 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 6, 'learned', NULL, '', 'needs 8 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-08 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 7, 'learned', NULL, '', 'needs 7 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-09 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 8, 'learned', NULL, '', 'needs 6 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-10 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 9, 'learned', NULL, '', 'needs 5 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-11 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 10, 'learned', NULL, '', 'needs 4 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-12 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 11, 'learned', NULL, '', 'needs 3 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-13 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 12, 'learned', NULL, '', 'needs 2 more days of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-14 00:00:00+00', 'learning', 20, NULL, NULL, NULL, NULL, NULL, NULL, 13, 'learned', NULL, '', 'needs 1 more day of history', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-15 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 14, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-20 00:00:00+00', 'excluded', 5, 20, 19, 21, 19, 21, 0.9759000729485331, 19, 'learned', NULL, '', 'expected: a holiday', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-21 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 19, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-22 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 20, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-16 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 15, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-17 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 16, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-18 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 17, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-19 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 18, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-20 00:00:00+00', 'judged', 5, 20, 19, 21, 19, 21, 0.9759000729485331, 19, 'learned', -6, 'critical', 'changed from 20, the value it always had, to 5', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-21 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 20, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-22 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 21, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-23 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 22, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-24 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 23, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-25 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 24, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-26 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 25, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-27 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 26, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-28 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 27, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-01 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 28, 'learned', 0, '', '', '2026-03-02 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-02 00:00:00+00', 'judged', 6, 20, 19, 21, 19, 21, 0.9759000729485331, 29, 'learned', -4.013079174724018, 'critical', '30 % of the usual 20', '2026-03-03 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-03 00:00:00+00', 'forecast', NULL, 20, 19, 21, 19, 21, 0.9759000729485331, 30, 'learned', NULL, '', '', '2026-03-03 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-04 00:00:00+00', 'forecast', NULL, 20, 19, 21, 19, 21, 0.9759000729485331, 30, 'learned', NULL, '', '', '2026-03-03 00:00:00+00'),
	('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-05 00:00:00+00', 'forecast', NULL, 20, 19, 21, 19, 21, 0.9759000729485331, 30, 'learned', NULL, '', '', '2026-03-03 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-23 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 21, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-24 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 22, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-25 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 23, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-26 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 24, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-27 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 25, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-02-28 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 26, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-03-01 00:00:00+00', 'judged', 20, 20, 19, 21, 19, 21, 0.9759000729485331, 27, 'learned', 0, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-03-02 00:00:00+00', 'judged', 6, 20, 19, 21, 19, 21, 0.9759000729485331, 28, 'learned', -6, 'critical', 'changed from 20, the value it always had, to 6', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-03-03 00:00:00+00', 'forecast', NULL, 20, 19, 21, 19, 21, 0.9759000729485331, 29, 'learned', NULL, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-03-04 00:00:00+00', 'forecast', NULL, 20, 19, 21, 19, 21, 0.9759000729485331, 29, 'learned', NULL, '', '', '2026-03-03 08:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', '2026-03-05 00:00:00+00', 'forecast', NULL, 20, 19, 21, 19, 21, 0.9759000729485331, 29, 'learned', NULL, '', '', '2026-03-03 08:00:00+00');
INSERT INTO monitoring.collection_results VALUES
	('observed', 'public.orders', '2026-03-02 00:00:00+00', 'ok', 'Table public.orders holds 6 rows with ''at'' after 2026-03-02 00:00 UTC; they are not judged.', '2026-03-01 05:00:00+00', '2025-01-26 00:00:00+00', '2026-03-02 00:00:00+00', 571, 6, 0.004589454001688864, 1, 'sales', 'batch', '95f1038412434510bab21db3d7a3c8ff'),
	('observed', 'public.payments', '2026-03-02 00:00:00+00', 'ok', 'Table public.payments holds 6 rows with ''at'' after 2026-03-02 00:00 UTC; they are not judged.', '2026-03-01 05:00:00+00', '2025-01-26 00:00:00+00', '2026-03-02 00:00:00+00', 571, 6, 0.00501788100154954, 1, 'finance', 'batch', '95f1038412434510bab21db3d7a3c8ff'),
	('observed', 'public.orders', '2026-03-03 00:00:00+00', 'ok', '', '2026-03-02 05:00:00+00', '2026-02-27 00:00:00+00', '2026-03-03 00:00:00+00', 66, 0, 0.008962163999967743, 1, 'sales', 'batch', '82502ebe65d643678ac787440d61797f'),
	('observed', 'public.payments', '2026-03-03 00:00:00+00', 'ok', '', '2026-03-02 05:00:00+00', '2026-02-27 00:00:00+00', '2026-03-03 00:00:00+00', 66, 0, 0.00980181499835453, 1, 'finance', 'batch', '82502ebe65d643678ac787440d61797f'),
	('observed', 'public.orders', '2026-03-03 08:00:00+00', 'ok', '', '2026-03-02 05:00:00+00', '2026-02-28 00:00:00+00', '2026-03-03 00:00:00+00', 46, 0, 0.0007959510003274772, 1, 'sales', 'batch', 'a5de550307ea4ff59f69ca4c1e75f33e'),
	('observed', 'public.payments', '2026-03-03 08:00:00+00', 'ok', '', '2026-03-02 05:00:00+00', '2026-02-28 00:00:00+00', '2026-03-03 00:00:00+00', 46, 0, 0.0017905200002132915, 1, 'finance', 'batch', 'a5de550307ea4ff59f69ca4c1e75f33e');
INSERT INTO monitoring.contract_checks VALUES
	('observed', 'public.orders', '2026-03-02 00:00:00+00', 'violated', 'none', 1, 1, NULL, NULL, NULL, NULL, '', 0.00016799299919512123, 1, '95f1038412434510bab21db3d7a3c8ff'),
	('observed', 'public.orders', '2026-03-03 00:00:00+00', 'violated', 'none', 1, 1, NULL, NULL, NULL, NULL, '', 0.0001927760022226721, 1, '82502ebe65d643678ac787440d61797f'),
	('observed', 'public.orders', '2026-03-03 08:00:00+00', 'violated', 'none', 1, 1, NULL, NULL, NULL, NULL, '', 0.00018903700038208626, 1, 'a5de550307ea4ff59f69ca4c1e75f33e');
INSERT INTO monitoring.contract_findings VALUES
	('6fa79206b336698ce97d85dc7a94b650', '2026-03-02 00:00:00+00', 'observed', 'public.orders', 'id', 'TYPE_CHANGED', 'structure', 'text', 'integer', NULL, NULL, 'critical', '[]', '95f1038412434510bab21db3d7a3c8ff'),
	('6fa79206b336698ce97d85dc7a94b650', '2026-03-03 00:00:00+00', 'observed', 'public.orders', 'id', 'TYPE_CHANGED', 'structure', 'text', 'integer', NULL, NULL, 'critical', '[]', '82502ebe65d643678ac787440d61797f'),
	('6fa79206b336698ce97d85dc7a94b650', '2026-03-03 08:00:00+00', 'observed', 'public.orders', 'id', 'TYPE_CHANGED', 'structure', 'text', 'integer', NULL, NULL, 'critical', '[]', 'a5de550307ea4ff59f69ca4c1e75f33e');
INSERT INTO monitoring.contract_violations VALUES
	('6fa79206b336698ce97d85dc7a94b650', 'shop.orders', 'observed', 'public.orders', 'id', 'TYPE_CHANGED', 'structure', 'text', 'integer', NULL, NULL, 'critical', '[]', 'lookout', 'sales', 'batch', '2026-03-02 00:00:00+00', '2026-03-03 08:00:00+00');
INSERT INTO monitoring.contracts VALUES
	('observed', 'public.orders', 'shop.orders', 'source.observed.shop.orders', 'lenient', '', 1, '{"columns": {"at": {"data_type": "timestamptz", "is_nullable": true, "is_required": true}, "id": {"data_type": "text", "is_nullable": true, "is_required": true}}, "keys": [], "rules": [], "settings": {"example_columns": [], "filter": "", "include_sample_data": false, "incremental": false, "mode": "lenient", "owner": "sales", "payload": "", "sample": "", "timestamp_column": "at", "unexpected": "warn", "version": ""}}', '1777e64ac9cb741d7224747463dd0650', 2, 0, 'sales', 'batch', '', 'models/sources.yml', true, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.lookout_runs VALUES
	('95f1038412434510bab21db3d7a3c8ff', 1, 'run', '2026-03-02 00:00:00+00', '2026-11-29 09:02:50.456576+00', '2026-11-29 09:02:56.648971+00', 'success', NULL, 1, ''),
	('82502ebe65d643678ac787440d61797f', 2, 'run', '2026-03-03 00:00:00+00', '2026-11-29 09:02:58.190329+00', '2026-11-29 09:03:03.457594+00', 'success', NULL, 2, ''),
	('a5de550307ea4ff59f69ca4c1e75f33e', 3, 'run', '2026-03-03 08:00:00+00', '2026-11-29 09:03:09.765902+00', '2026-11-29 09:03:13.521789+00', 'success', NULL, 3, '');
INSERT INTO monitoring.metric_observations VALUES
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-01 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-02 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-03 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-04 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-05 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-06 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-07 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-08 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-09 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-10 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-11 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-12 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-13 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-14 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-15 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-16 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-17 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-18 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-19 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-20 00:00:00+00', 5, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-21 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-22 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-23 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-24 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-25 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-26 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-27 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-28 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-03-01 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-01 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-02 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-03 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-04 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-05 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-06 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-07 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-08 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-09 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-10 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-11 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-12 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-13 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-14 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-15 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-16 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-17 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-18 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-19 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-20 00:00:00+00', 5, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-21 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-22 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-23 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-24 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-25 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-26 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-27 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-02-28 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-03-01 00:00:00+00', 20, '2026-03-02 00:00:00+00', 1),
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-03-02 00:00:00+00', 6, '2026-03-03 00:00:00+00', 2),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', '2026-03-02 00:00:00+00', 6, '2026-03-03 00:00:00+00', 2);
INSERT INTO monitoring.monitors VALUES
	('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', 'source.observed.shop.orders', 'batch', 'sales', '', 'learned', 'both', 2, 3, 'critical', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'c711dc2a6085c580e4ccdddcaa0c8902', true, 1, '2026-03-02 00:00:00+00'),
	('553b8f2c44ddad43427fe3275b0f60cc', 'observed', 'public.payments', '', 'row_count', 'count', 'day', 'source.observed.shop.payments', 'batch', 'finance', '', 'learned', 'both', 2, 3, 'critical', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'c711dc2a6085c580e4ccdddcaa0c8902', true, 1, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.pipeline_execution_closure VALUES
	('de3f01de783b4d075a6fb69fe9e89b70', 'de3f01de783b4d075a6fb69fe9e89b70', 0),
	('e0', 'e0', 0),
	('e1', 'e1', 0),
	('e2', 'e2', 0),
	('e3', 'e3', 0),
	('e9bb3ed2ba2fa32740afaec1cdfce756', 'e9bb3ed2ba2fa32740afaec1cdfce756', 0),
	('642af084bc0c2681b729f6c7b194c0b2', '642af084bc0c2681b729f6c7b194c0b2', 0);
INSERT INTO monitoring.pipeline_executions VALUES
	('de3f01de783b4d075a6fb69fe9e89b70', NULL, '0918a0d2c51de480f8d83fbfd6b1ce5a', '2026-03-01 23:59:59.555229+00', '2026-03-01', 23, '2026-03-01 23:59:59.753104+00', 0, 0.197875, true, NULL, NULL, NULL, NULL, 0.0000, NULL, NULL, '{"nodes": {}, "command": "dbt build", "invocation_id": "42adc27c-bae2-4c0b-8e5c-2b12fbc7a188"}', '', 'self', 'dbt invocation', '', 'success', '', 'vm/3d1219c7/1c813efb/4026531836:6280:2238239', NULL),
	('e0', NULL, '0ae3489815127120cfb606170a053745', '2026-03-01 04:00:00+00', '2026-03-01', 4, '2026-03-01 04:07:00+00', 420, 420, true, 0, NULL, NULL, NULL, NULL, NULL, '0', '{}', '', 'self', 'sdk', '', 'success', '', '', NULL),
	('e1', NULL, '0ae3489815127120cfb606170a053745', '2026-03-01 10:00:00+00', '2026-03-01', 10, '2026-03-01 10:07:00+00', 420, 420, true, 10, NULL, NULL, NULL, NULL, NULL, '1', '{}', '', 'self', 'sdk', '', 'success', '', '', NULL),
	('e2', NULL, '0ae3489815127120cfb606170a053745', '2026-03-01 16:00:00+00', '2026-03-01', 16, '2026-03-01 16:07:00+00', 420, 420, true, 20, NULL, NULL, NULL, NULL, NULL, '2', '{}', '', 'self', 'sdk', '', 'success', '', '', NULL),
	('e3', NULL, '0ae3489815127120cfb606170a053745', '2026-03-01 22:00:00+00', '2026-03-01', 22, '2026-03-01 22:07:00+00', 420, 420, false, 30, NULL, NULL, NULL, NULL, NULL, '3', '{}', 'division by zero', 'self', 'sdk', '', 'failed', '', '', NULL),
	('e9bb3ed2ba2fa32740afaec1cdfce756', NULL, '0918a0d2c51de480f8d83fbfd6b1ce5a', '2026-03-02 23:59:59.659049+00', '2026-03-02', 23, '2026-03-02 23:59:59.779746+00', 0, 0.120697, true, NULL, NULL, NULL, NULL, 0.0000, NULL, NULL, '{"nodes": {}, "command": "dbt build", "invocation_id": "3181f6dd-71c8-4ef5-9039-99ec887b47af"}', '', 'self', 'dbt invocation', '', 'success', '', 'vm/3d1219c7/1c813efb/4026531836:6280:2238239', NULL),
	('642af084bc0c2681b729f6c7b194c0b2', NULL, '0918a0d2c51de480f8d83fbfd6b1ce5a', '2026-03-03 07:59:59.669474+00', '2026-03-03', 7, '2026-03-03 07:59:59.803348+00', 0, 0.133874, true, NULL, NULL, NULL, NULL, 0.0000, NULL, NULL, '{"nodes": {}, "command": "dbt build", "invocation_id": "de1cff64-dc73-45d8-be4b-aec2f1c85e49"}', '', 'self', 'dbt invocation', '', 'success', '', 'vm/3d1219c7/1c813efb/4026531836:6280:2238239', NULL);
INSERT INTO monitoring.pipeline_types VALUES
	('dbt project', NULL, NULL, false, NULL, NULL, false, '2026-03-01 23:59:59.555229+00', NULL),
	('script', NULL, NULL, false, NULL, NULL, false, '2026-03-01 04:00:00+00', NULL);
INSERT INTO monitoring.pipelines VALUES
	('0ae3489815127120cfb606170a053745', 'nightly', 'script', 'sdk', '', 'sales', '2', NULL, '{}', '2026-03-01 16:07:00+00', NULL, NULL, NULL, NULL, false, NULL, NULL, false, false, true, 'd2994fa9a56d1ba2df74790ffb462cc5b940b41f88066f42579a039791de411e', '2026-03-01 04:00:00+00', NULL),
	('0918a0d2c51de480f8d83fbfd6b1ce5a', 'dbt:observed', 'dbt project', 'dbt', '', '', NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, false, false, true, 'cd108a3c511412d64e1a95fa205dc7013878840efbedd5b4c299a44d0996b0ab', '2026-03-01 23:59:59.555229+00', NULL);
INSERT INTO monitoring.schema_changes VALUES
	('observed', 'public.orders', 'contract', 1, '', 'created', '', '', '2 columns, 0 keys, 0 rules', '2026-03-02 00:00:00+00', 'sales'),
	('observed', 'public.orders', 'table', 1, '', 'created', '', '', '2 columns, 0 keys', '2026-03-02 00:00:00+00', 'sales');
INSERT INTO monitoring.schema_versions VALUES
	('observed', 'public.orders', 'contract', 1, '{"columns": {"at": {"data_type": "timestamptz", "is_nullable": true, "is_required": true}, "id": {"data_type": "text", "is_nullable": true, "is_required": true}}, "keys": [], "rules": [], "settings": {"example_columns": [], "filter": "", "include_sample_data": false, "incremental": false, "mode": "lenient", "owner": "sales", "payload": "", "sample": "", "timestamp_column": "at", "unexpected": "warn", "version": ""}}', '1777e64ac9cb741d7224747463dd0650', '2026-03-02 00:00:00+00', '95f1038412434510bab21db3d7a3c8ff'),
	('observed', 'public.orders', 'table', 1, '{"columns": {"at": {"data_type": "timestamp with time zone", "is_nullable": true}, "id": {"data_type": "integer", "is_nullable": true}}, "keys": [], "rules": [], "settings": {"kind": "table"}}', '7acde300809566f86101b51acf29660c', '2026-03-02 00:00:00+00', '95f1038412434510bab21db3d7a3c8ff');
INSERT INTO monitoring.scorecard VALUES
	('platform', '', 'Overall', 0, 'CRITICAL', 2, 4, 0, 2, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('platform', '', 'Batch layer', 75, 'Minor Anomaly', 2, 4, 0, 2, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('layer', '', 'pipeline', NULL, 'not evaluated', 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, '2026-03-03 08:00:00+00'),
	('owner', '', 'finance', 60, 'Fair', 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('owner', '', 'sales', 0, 'Poor', 1, 3, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('asset', '', 'nightly', 60, 'Fair', 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, '2026-03-03 08:00:00+00'),
	('platform', '', 'Contract compliance', 85, 'Minor Violation', 2, 4, 0, 2, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('platform', '', 'CDC layer', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, '2026-03-03 08:00:00+00'),
	('layer', '', 'batch', 75, 'Minor Anomaly', 2, 3, 0, 2, 0, 0, 1, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('platform', '', 'Platform reliability', 0, 'Poor', 2, 4, 0, 2, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('connection', 'observed', 'observed', 0, 'Poor', 2, 3, 0, 2, 0, 0, 1, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('asset', 'observed', 'public.orders', 20, 'Poor', 1, 2, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00'),
	('asset', 'observed', 'public.payments', 60, 'Fair', 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, '2026-03-03 08:00:00+00', '2026-03-03 08:00:00+00');
INSERT INTO monitoring.watermarks VALUES
	('0ae3489815127120cfb606170a053745', 'e0', NULL, '0', 'execution', '2026-03-01 04:07:00+00'),
	('0ae3489815127120cfb606170a053745', 'e1', '0', '1', 'execution', '2026-03-01 10:07:00+00'),
	('0ae3489815127120cfb606170a053745', 'e2', '1', '2', 'execution', '2026-03-01 16:07:00+00');
CREATE INDEX "005eaf2c5cfa95d8cd6fc5ccfbc903d5" ON monitoring.addresses USING btree (node_id);
CREATE UNIQUE INDEX "155941cfecc619e5d044f32278cf5028" ON monitoring.anomaly_detection_rules USING btree (pipeline_id, metric_field);
CREATE INDEX "18fcbb5edb50db5463bad4b54a93eb45" ON monitoring.pipeline_executions USING btree (start_date);
CREATE UNIQUE INDEX "1c13d5a47ee29bb6b1720b98e74c2ea7" ON monitoring.lineage_closure USING btree (source_address_id, target_address_id);
CREATE INDEX "1c7ea76998dbffdb6cc8a9d52373adc3" ON monitoring.address_lineage USING btree (source_address_id);
CREATE UNIQUE INDEX "1c980fb2861ef029a8e48e250926d166" ON monitoring.contract_findings USING btree (violation_key, as_of);
CREATE UNIQUE INDEX "1cdefb31282fdda4ed6f892f9f0c7012" ON monitoring.metric_observations USING btree (series_key, bucket_start);
CREATE UNIQUE INDEX "2798362484559014efba4233eb872833" ON monitoring.schema_versions USING btree (connection, asset, subject, version_number);
CREATE INDEX "2a853aa16e2ea1c61f302a589d64d459" ON monitoring.pipeline_freshness USING btree (pipeline_id, last_dml_timestamp);
CREATE UNIQUE INDEX "2b8bff5c9c9a1feeef51f21f2d83ed3e" ON monitoring.pipeline_execution_closure USING btree (parent_execution_id, child_execution_id);
CREATE UNIQUE INDEX "2fa1990e73e41c3a105e0d697be892d9" ON monitoring.contracts USING btree (connection, asset);
CREATE INDEX "35eb28581299ea9139ed9b7a0b26e5de" ON monitoring.lineage_closure USING btree (target_address_id, depth);
CREATE INDEX "36607d1580306a849d63c1cb08a96464" ON monitoring.address_lineage USING btree (target_address_id);
CREATE UNIQUE INDEX "3c76d6a71d5c460dfb1dc9085d033ff5" ON monitoring.address_lineage USING btree (pipeline_id, source_address_id, target_address_id);
CREATE INDEX "3fc312796009efcd1222ddace25b601f" ON monitoring.contract_findings USING btree (as_of);
CREATE INDEX "40e9b8835be70503a277160f6d43474f" ON monitoring.alerts USING btree (alert_type, asset);
CREATE UNIQUE INDEX "4ad5595c27c6cf1f6b19d411ae6e3ebb" ON monitoring.pipeline_freshness USING btree (freshness_key);
CREATE UNIQUE INDEX "4c7805ffdb6075b827c0b202c1e8eee0" ON monitoring.contract_checks USING btree (connection, asset, as_of);
CREATE UNIQUE INDEX "541d83a2fabda79525e030dd3b784769" ON monitoring.contract_violations USING btree (violation_key);
CREATE UNIQUE INDEX "670162a732813c869c3f4d5399f29ec9" ON monitoring.alert_impact USING btree (alert_key);
CREATE UNIQUE INDEX "6d294af96b1a6d6ba64f457b8a9bfbfe" ON monitoring.assets USING btree (node_id);
CREATE INDEX "6db4cc6bac7b355a5143d237cafceabd" ON monitoring.pipeline_executions USING btree (pipeline_id, start_date);
CREATE UNIQUE INDEX "6de4ac35f66c589cdc8425bc3d117af1" ON monitoring.watermarks USING btree (pipeline_id, execution_id);
CREATE UNIQUE INDEX "70ba79085f448f046eb5afb514306e66" ON monitoring.dbt_results USING btree (invocation_id, node_id);
CREATE UNIQUE INDEX "711d6a04950983a497fbb2e86ecefef5" ON monitoring.address_types USING btree (name);
CREATE INDEX "71dfee5318e308cf9dcc0938a218d56b" ON monitoring.addresses USING btree (name);
CREATE INDEX "72e320242c7333ad44e67625fe782f99" ON monitoring.pipeline_execution_closure USING btree (child_execution_id, depth);
CREATE UNIQUE INDEX "7e2ea1d28c47bd0cc51bdd867bcf43ad" ON monitoring.alerts USING btree (alert_key);
CREATE UNIQUE INDEX "81a40552cc01987b909382c09735312e" ON monitoring.alert_explanations USING btree (alert_key, dimension);
CREATE UNIQUE INDEX "8417d4ed95693615f9a0161509a37f69" ON monitoring.execution_anomalies USING btree (pipeline_execution_id, metric_field);
CREATE INDEX "87c0139a70abea4075f3cabfbe3688d0" ON monitoring.alert_feedback USING btree (alert_key);
CREATE UNIQUE INDEX "92bef3c1916f84890a5b0b2020990591" ON monitoring.addresses USING btree (address_id);
CREATE INDEX "986bcac2acb3e8e024af22c585fbd154" ON monitoring.pipeline_executions USING btree (parent_id);
CREATE INDEX "99b65016005e3bcdf8d628f56cc71ddb" ON monitoring.metric_observations USING btree (batch_number);
CREATE INDEX "9bf71a00402bbc7bf21cdd1c3b2aeaee" ON monitoring.alert_deliveries USING btree (status, not_before);
CREATE UNIQUE INDEX "9cf15f6af75669cfbb3fe32efcfa38df" ON monitoring.schema_changes USING btree (connection, asset, subject, version_number, column_name, change_type, detail);
CREATE UNIQUE INDEX a087a2c49699410ed2be60045bdea197 ON monitoring.pipeline_types USING btree (name);
CREATE UNIQUE INDEX a697ab39dfec85a27ab63649c449ffc6 ON monitoring.anomaly_unflags USING btree (execution_id, metric_field);
CREATE INDEX a90821f33f8796dfbe98ccdcb9f11b79 ON monitoring.baselines USING btree (status, severity);
CREATE UNIQUE INDEX aa4537d4c6a3a782f1d186bcbb1be719 ON monitoring.lookout_runs USING btree (run_id);
CREATE UNIQUE INDEX ad7962562b2612e4f8361f96be56babf ON monitoring.monitors USING btree (series_key);
CREATE UNIQUE INDEX b379aa27603145ed482d0bdb2eab07c7 ON monitoring.pipelines USING btree (pipeline_id);
CREATE UNIQUE INDEX bf299dbacd993d578efed339e25086c4 ON monitoring.baselines USING btree (series_key, bucket_start);
CREATE INDEX bfcfe34b318aeec1f458cec9aaf05340 ON monitoring.alerts USING btree (first_seen_at);
CREATE INDEX c1890338630383f3d8f31009858aaca9 ON monitoring.contract_violations USING btree (connection, asset);
CREATE UNIQUE INDEX c420867986af9d569a3bac2b04ce1bcd ON monitoring.scorecard USING btree (scope, connection, name);
CREATE UNIQUE INDEX cb7e17918722a48eeb893e2f6a9e7e44 ON monitoring.alert_feedback USING btree (feedback_number);
CREATE UNIQUE INDEX ed0c7cfb2df9cf0fad7091e4f44a7c82 ON monitoring.pipeline_executions USING btree (execution_id);
CREATE UNIQUE INDEX f1265dd789d8d4dbe1a9ed461418a76f ON monitoring.alert_mutes USING btree (mute_number);
CREATE INDEX f459f8ae2d344c1897532df2264ee670 ON monitoring.watermarks USING btree (pipeline_id, advanced_at);
CREATE UNIQUE INDEX f8fcfdb88e5eed377ad34535bfc4b00d ON monitoring.collection_results USING btree (connection, asset, as_of);
CREATE UNIQUE INDEX ff7596450521053b111ae9c726c7ca2c ON monitoring.alert_deliveries USING btree (alert_key, target, step);
