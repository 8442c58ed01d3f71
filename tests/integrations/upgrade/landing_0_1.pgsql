-- What the first version kept after two runs: its tables, indexes and views, with rows; the schema is there. Made with pg_dump.
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
    resolved_at timestamp with time zone
);
CREATE TABLE monitoring.anomalies (
    series_key text,
    bucket_start timestamp with time zone,
    value double precision,
    expected_value double precision,
    lower_bound double precision,
    upper_bound double precision,
    score double precision,
    reason text,
    severity text
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
 WITH results AS (
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
           FROM monitoring.collection_results
          WHERE (collection_results.as_of <= '2026-03-02 00:00:00+00'::timestamp with time zone)
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
    reason text,
    learned_at timestamp with time zone
);
CREATE TABLE monitoring.dbt_results (
    invocation_id text NOT NULL,
    node_id text NOT NULL,
    name text,
    resource_type text,
    status text,
    connection text,
    asset text,
    column_name text,
    severity text,
    failures bigint,
    rows_affected bigint,
    message text,
    execution_seconds double precision,
    executed_at timestamp with time zone,
    owner text,
    layer text
);
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
    updated_at timestamp with time zone
);
CREATE TABLE monitoring.scorecard (
    scope text CONSTRAINT scorecard__dbt_tmp_scope_not_null1 NOT NULL,
    connection text CONSTRAINT scorecard__dbt_tmp_connection_not_null1 NOT NULL,
    name text CONSTRAINT scorecard__dbt_tmp_name_not_null1 NOT NULL,
    score double precision,
    status text CONSTRAINT scorecard__dbt_tmp_status_not_null1 NOT NULL,
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
    last_evaluated_at timestamp with time zone,
    as_of timestamp with time zone CONSTRAINT scorecard__dbt_tmp_as_of_not_null1 NOT NULL
);
CREATE VIEW monitoring.unevaluated_assets AS
 WITH asset_status AS (
         SELECT asset_status.connection,
            asset_status.asset,
            asset_status.looked_at,
            asset_status.status,
            asset_status.message,
            asset_status.owner,
            asset_status.layer,
            asset_status.evaluated_at,
            asset_status.evaluated_status,
            asset_status.latest_at,
            asset_status.unevaluated_since,
            asset_status.empty_since
           FROM monitoring.asset_status
          WHERE (asset_status.status <> ALL (ARRAY['ok'::text, 'empty'::text]))
        ), unreachable AS (
         SELECT asset_status.connection,
            ''::text AS asset,
            min(asset_status.unevaluated_since) AS window_start,
            max(asset_status.looked_at) AS seen_at,
            concat(count(*), ' watched tables could not be evaluated: ', min(asset_status.message)) AS reason,
            'source could not be reached'::text AS description,
            string_agg(DISTINCT NULLIF(asset_status.owner, ''::text), ', '::text) AS owner,
            ''::text AS layer
           FROM asset_status
          WHERE (asset_status.status = 'source_unreachable'::text)
          GROUP BY asset_status.connection
        ), unreadable AS (
         SELECT asset_status.connection,
            asset_status.asset,
            asset_status.unevaluated_since AS window_start,
            asset_status.looked_at AS seen_at,
            asset_status.message AS reason,
            concat('could not be evaluated: ', replace(asset_status.status, '_'::text, ' '::text)) AS description,
            asset_status.owner,
            asset_status.layer
           FROM asset_status
          WHERE (asset_status.status <> 'source_unreachable'::text)
        ), unevaluated AS (
         SELECT unreachable.connection,
            unreachable.asset,
            unreachable.window_start,
            unreachable.seen_at,
            unreachable.reason,
            unreachable.description,
            unreachable.owner,
            unreachable.layer
           FROM unreachable
        UNION ALL
         SELECT unreadable.connection,
            unreadable.asset,
            unreadable.window_start,
            unreadable.seen_at,
            unreadable.reason,
            unreadable.description,
            unreadable.owner,
            unreadable.layer
           FROM unreadable
        ), final AS (
         SELECT 'SOURCE_UNREACHABLE'::text AS alert_type,
            'critical'::text AS severity,
            unevaluated.connection,
            unevaluated.asset,
            ''::text AS column_name,
            ''::text AS metric,
            COALESCE(unevaluated.owner, ''::text) AS owner,
            unevaluated.layer,
            NULL::text AS series_key,
            unevaluated.window_start,
            unevaluated.seen_at AS window_end,
            NULL::double precision AS observed_value,
            NULL::double precision AS expected_value,
            NULL::double precision AS lower_bound,
            NULL::double precision AS upper_bound,
            NULL::double precision AS score,
            unevaluated.reason,
            unevaluated.description,
            true AS is_open,
            unevaluated.seen_at
           FROM unevaluated
        )
 SELECT alert_type,
    severity,
    connection,
    asset,
    column_name,
    metric,
    owner,
    layer,
    series_key,
    window_start,
    window_end,
    observed_value,
    expected_value,
    lower_bound,
    upper_bound,
    score,
    reason,
    description,
    is_open,
    seen_at
   FROM final;
INSERT INTO monitoring.alerts VALUES ('12b632bb060be24c5af0960a26f3774e', 'VOLUME_ANOMALY', 'critical', 'resolved', 'observed', 'public.orders', '', 'row_count', '2026-02-20 00:00:00+00', '2026-02-22 00:00:00+00', 50, 200, 199, 201, -15.245569327134335, '25 % of the usual 200', 'row_count was 50, expected about 200, 2 days long', 'sales', 'batch', 'fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-21 00:00:00+00', '2026-02-21 00:00:00+00', 1, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.anomalies VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-20 00:00:00+00', 50, 200, 199, 201, -15.245569327134335, '25 % of the usual 200', 'critical');
INSERT INTO monitoring.anomalies VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-21 00:00:00+00', 200, 200, 160.4208580327716, 51, 3, 'changed from 50, the value it always had, to 200', 'critical');
INSERT INTO monitoring.assets VALUES ('model.observed.daily', 'daily', 'model', 'observed', 'public.daily', 'model', '', false, 0, 0, 0, false, 'models/daily.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.lookout_runs', 'lookout_runs', 'model', 'observed', 'monitoring.lookout_runs', 'monitoring', '', true, 10, 10, 0, false, 'models/monitoring/landing/lookout_runs.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.metric_observations', 'metric_observations', 'model', 'observed', 'monitoring.metric_observations', 'monitoring', '', true, 11, 11, 0, false, 'models/monitoring/landing/metric_observations.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.monitors', 'monitors', 'model', 'observed', 'monitoring.monitors', 'monitoring', '', true, 28, 28, 0, false, 'models/monitoring/landing/monitors.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.baselines', 'baselines', 'model', 'observed', 'monitoring.baselines', 'monitoring', '', true, 16, 16, 0, false, 'models/monitoring/landing/baselines.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.dbt_results', 'dbt_results', 'model', 'observed', 'monitoring.dbt_results', 'monitoring', '', true, 17, 17, 0, false, 'models/monitoring/landing/dbt_results.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.assets', 'assets', 'model', 'observed', 'monitoring.assets', 'monitoring', '', true, 15, 15, 0, false, 'models/monitoring/landing/assets.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.collection_results', 'collection_results', 'model', 'observed', 'monitoring.collection_results', 'monitoring', '', true, 15, 15, 0, false, 'models/monitoring/landing/collection_results.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.scorecard', 'scorecard', 'model', 'observed', 'monitoring.scorecard', 'monitoring', '', true, 24, 24, 0, false, 'models/monitoring/scorecard/scorecard.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.scorecard_counts', 'scorecard_counts', 'model', 'observed', 'monitoring.scorecard_counts', 'monitoring', '', true, 21, 21, 0, false, 'models/monitoring/scorecard/scorecard_counts.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.anomaly_episodes', 'anomaly_episodes', 'model', 'observed', 'monitoring.anomaly_episodes', 'monitoring', '', true, 20, 20, 0, false, 'models/monitoring/alerts/anomaly_episodes.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.anomalies', 'anomalies', 'model', 'observed', 'monitoring.anomalies', 'monitoring', '', true, 9, 9, 0, false, 'models/monitoring/alerts/anomalies.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.unevaluated_assets', 'unevaluated_assets', 'model', 'observed', 'monitoring.unevaluated_assets', 'monitoring', '', true, 20, 20, 0, false, 'models/monitoring/alerts/unevaluated_assets.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.alerts', 'alerts', 'model', 'observed', 'monitoring.alerts', 'monitoring', '', true, 24, 24, 2, false, 'models/monitoring/alerts/alerts.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.asset_status', 'asset_status', 'model', 'observed', 'monitoring.asset_status', 'monitoring', '', true, 12, 12, 0, false, 'models/monitoring/alerts/asset_status.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.failing_tests', 'failing_tests', 'model', 'observed', 'monitoring.failing_tests', 'monitoring', '', true, 20, 20, 0, false, 'models/monitoring/alerts/failing_tests.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('model.lookout.stale_assets', 'stale_assets', 'model', 'observed', 'monitoring.stale_assets', 'monitoring', '', true, 20, 20, 0, false, 'models/monitoring/alerts/stale_assets.sql', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.assets VALUES ('source.observed.shop.orders', 'orders', 'source', 'observed', 'public.orders', 'source', 'sales', false, 0, 0, 0, true, 'models/s.yml', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-05 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 0, 'learned', NULL, 'needs 14 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-06 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 1, 'learned', NULL, 'needs 13 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-07 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 2, 'learned', NULL, 'needs 12 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-08 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 3, 'learned', NULL, 'needs 11 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-09 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 4, 'learned', NULL, 'needs 10 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-10 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 5, 'learned', NULL, 'needs 9 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-11 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 6, 'learned', NULL, 'needs 8 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-12 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 7, 'learned', NULL, 'needs 7 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-13 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 8, 'learned', NULL, 'needs 6 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-14 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 9, 'learned', NULL, 'needs 5 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-15 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 10, 'learned', NULL, 'needs 4 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-16 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 11, 'learned', NULL, 'needs 3 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-17 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 12, 'learned', NULL, 'needs 2 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-18 00:00:00+00', 'learning', 200, NULL, NULL, NULL, NULL, NULL, NULL, 13, 'learned', NULL, 'needs 1 more day of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-19 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 14, 'learned', 0, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-20 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 15, 'learned', 0, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-21 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 16, 'learned', 1.077818806885592, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-22 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 17, 'learned', 1.045540369707941, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-23 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 18, 'learned', 1.0191610330796106, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-24 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 19, 'learned', 0.997178687194945, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-25 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 20, 'learned', 0.9785659530266253, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-26 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 21, 'learned', 0.9625951112727873, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-27 00:00:00+00', 'judged', 200, 200.0000000000001, 199, 201, 199, 201, 0.8164965809277259, 22, 'learned', -0.9487355760322009, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-28 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 23, 'learned', 0.9365909724144552, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-29 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 24, 'learned', 0.9258589819695373, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-30 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 25, 'learned', 0.9163048557029384, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-01-31 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 26, 'learned', 0.907743439125763, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-01 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 27, 'learned', 0.9000266691163377, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-02 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 28, 'learned', 0.8930346866192442, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-03 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 29, 'learned', 0.886669397389382, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-04 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 30, 'learned', 0.8808497261642202, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-05 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 31, 'learned', 0.875508064964159, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-06 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 32, 'learned', 0.8705875780884803, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-07 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 33, 'learned', 0.8660401313812831, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-08 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 34, 'learned', 0.8618246828874985, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-09 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 35, 'learned', 0.8579060189516714, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-10 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 36, 'learned', 0.8542537520306679, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-11 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 37, 'learned', 0.8508415189572947, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-12 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 38, 'learned', 0.8476463342841164, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-13 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 39, 'learned', 0.8446480647283579, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-14 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 40, 'learned', 0.8418289990052983, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-15 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 41, 'learned', 0.8391734934044426, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-16 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 42, 'learned', 0.836667677962937, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-17 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 43, 'learned', 0.8342992114615212, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-18 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 44, 'learned', 0.8320570760167971, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-19 00:00:00+00', 'judged', 200, 200, 199, 201, 199, 201, 0.8164965809277261, 45, 'learned', 0.8299314039869751, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-20 00:00:00+00', 'judged', 50, 200, 199, 201, 199, 201, 0.8164965809277261, 46, 'learned', -15.245569327134335, '25 % of the usual 200', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-05 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 0, 'learned', NULL, 'needs 14 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-06 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 1, 'learned', NULL, 'needs 13 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-07 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 2, 'learned', NULL, 'needs 12 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-08 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 3, 'learned', NULL, 'needs 11 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-09 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 4, 'learned', NULL, 'needs 10 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-10 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 5, 'learned', NULL, 'needs 9 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-11 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 6, 'learned', NULL, 'needs 8 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-12 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 7, 'learned', NULL, 'needs 7 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-13 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 8, 'learned', NULL, 'needs 6 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-14 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 9, 'learned', NULL, 'needs 5 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-15 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 10, 'learned', NULL, 'needs 4 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-16 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 11, 'learned', NULL, 'needs 3 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-17 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 12, 'learned', NULL, 'needs 2 more days of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-18 00:00:00+00', 'learning', 68400, NULL, NULL, NULL, NULL, NULL, NULL, 13, 'learned', NULL, 'needs 1 more day of history', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-19 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 14, 'learned', 0, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-20 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 15, 'learned', 0, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-21 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 16, 'learned', 1.077818806885592, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-22 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 17, 'learned', 1.045540369707941, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-23 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 18, 'learned', 1.0191610330796106, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-24 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 19, 'learned', 0.997178687194945, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-25 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 20, 'learned', 0.9785659530266253, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-26 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 21, 'learned', 0.9625951112727873, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-27 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 22, 'learned', 0.9487355760322009, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-28 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 23, 'learned', 0.9365909724144552, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-29 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 24, 'learned', 0.9258589819695373, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-30 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 25, 'learned', 0.9163048557029384, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-01-31 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 26, 'learned', 0.907743439125763, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-01 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 27, 'learned', 0.9000266691163377, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-02 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 28, 'learned', 0.8930346866192442, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-03 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 29, 'learned', 0.886669397389382, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-04 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 30, 'learned', 0.8808497261642202, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-05 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 31, 'learned', 0.875508064964159, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-06 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 32, 'learned', 0.8705875780884803, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-07 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 33, 'learned', 0.8660401313812831, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-08 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 34, 'learned', 0.8618246828874985, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-09 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 35, 'learned', 0.8579060189516714, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-10 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 36, 'learned', 0.8542537520306679, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-11 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 37, 'learned', 0.8508415189572947, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-12 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 38, 'learned', 0.8476463342841164, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-13 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 39, 'learned', 0.8446480647283579, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-14 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 40, 'learned', 0.8418289990052983, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-15 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 41, 'learned', 0.8391734934044426, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-16 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 42, 'learned', 0.836667677962937, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-17 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 43, 'learned', 0.8342992114615212, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-18 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 44, 'learned', 0.8320570760167971, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-19 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 45, 'learned', 0.8299314039869751, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-20 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 46, 'learned', 0.8279133314022491, '', '2026-02-21 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-21 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 51, 172.98422712810992, 51, 0.8164965809277261, 47, 'learned', 3, 'changed from 50, the value it always had, to 200', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-22 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 48, 'learned', 0.11895852211051372, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-23 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 49, 'learned', 0.16615567499060124, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-24 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 50, 'learned', 0.20104637470659678, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-25 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 51, 'learned', 0.22941704150816877, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-26 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 52, 'learned', 0.25354765628551557, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-27 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 53, 'learned', 0.2746266174960924, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-02-28 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 54, 'learned', 0.29337080707016294, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-01 00:00:00+00', 'judged', 200, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 55, 'learned', 0.5402938846390772, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-02 00:00:00+00', 'forecast', NULL, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 56, 'learned', NULL, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-03 00:00:00+00', 'forecast', NULL, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 55, 'learned', NULL, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', '2026-03-04 00:00:00+00', 'forecast', NULL, 200, 160.4208580327716, 245.59227775299976, 172.98422712810992, 229.68642273849326, 0.8164965809277261, 54, 'learned', NULL, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-21 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 47, 'learned', 0.8259948732883438, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-22 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 48, 'learned', 0.8241688171548618, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-23 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 49, 'learned', 0.8224286316293752, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-24 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 50, 'learned', 0.8207683877792535, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-25 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 51, 'learned', 0.8191826911093159, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-26 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 52, 'learned', 0.8176666225803341, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-27 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 53, 'learned', 0.8162156872807668, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-02-28 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 54, 'learned', 0.8148257696161565, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-03-01 00:00:00+00', 'judged', 68400, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 55, 'learned', 0.8134930940695055, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-03-02 00:00:00+00', 'forecast', NULL, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 56, 'learned', NULL, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-03-03 00:00:00+00', 'forecast', NULL, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 55, 'learned', NULL, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.baselines VALUES ('b8659a65a15157eee5480a30edb0e4ea', '2026-03-04 00:00:00+00', 'forecast', NULL, 68400.00000000003, NULL, 68400.0684, NULL, 68400.0684, 0.817928541132054, 54, 'learned', NULL, '', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.collection_results VALUES ('observed', 'public.orders', '2026-02-21 00:00:00+00', 'ok', 'Table public.orders holds 1800 rows with ''at'' after 2026-02-21 00:00 UTC; they are not judged.', '2026-02-20 05:00:00+00', '2025-01-17 00:00:00+00', '2026-02-21 00:00:00+00', 11050, 1800, 0.005307826002535876, 1, 'sales', 'batch', 'eb5bec1fa6a6466fba6cb56a89debca5');
INSERT INTO monitoring.collection_results VALUES ('observed', 'public.orders', '2026-03-02 00:00:00+00', 'ok', '', '2026-03-01 05:00:00+00', '2026-02-18 00:00:00+00', '2026-03-02 00:00:00+00', 2250, 0, 0.0036344770014693495, 1, 'sales', 'batch', '44a296f1aed847dba5d88b83faf86648');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.assets', 'assets', 'model', 'success', 'observed', 'monitoring.assets', '', '', NULL, 0, 'INSERT 0 0', 0.4880850315093994, '2026-11-22 11:37:13.388199+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.baselines', 'baselines', 'model', 'success', 'observed', 'monitoring.baselines', '', '', NULL, 0, 'INSERT 0 0', 0.3383958339691162, '2026-11-22 11:37:13.73163+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.collection_results', 'collection_results', 'model', 'success', 'observed', 'monitoring.collection_results', '', '', NULL, 0, 'INSERT 0 0', 0.0478060245513916, '2026-11-22 11:37:13.781656+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.dbt_results', 'dbt_results', 'model', 'success', 'observed', 'monitoring.dbt_results', '', '', NULL, 0, 'INSERT 0 0', 0.05045938491821289, '2026-11-22 11:37:13.833797+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.lookout_runs', 'lookout_runs', 'model', 'success', 'observed', 'monitoring.lookout_runs', '', '', NULL, 0, 'INSERT 0 0', 0.05125927925109863, '2026-11-22 11:37:13.886978+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.metric_observations', 'metric_observations', 'model', 'success', 'observed', 'monitoring.metric_observations', '', '', NULL, 0, 'INSERT 0 0', 0.048477888107299805, '2026-11-22 11:37:13.938462+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.monitors', 'monitors', 'model', 'success', 'observed', 'monitoring.monitors', '', '', NULL, 0, 'INSERT 0 0', 0.10478830337524414, '2026-11-22 11:37:14.045122+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.asset_status', 'asset_status', 'model', 'success', 'observed', 'monitoring.asset_status', '', '', NULL, NULL, 'CREATE VIEW', 0.19573450088500977, '2026-11-22 11:37:14.246243+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.failing_tests', 'failing_tests', 'model', 'success', 'observed', 'monitoring.failing_tests', '', '', NULL, NULL, 'CREATE VIEW', 0.07454681396484375, '2026-11-22 11:37:14.330025+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.anomalies', 'anomalies', 'model', 'success', 'observed', 'monitoring.anomalies', '', '', NULL, 0, 'SELECT 0', 0.12044429779052734, '2026-11-22 11:37:14.451413+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.stale_assets', 'stale_assets', 'model', 'success', 'observed', 'monitoring.stale_assets', '', '', NULL, NULL, 'CREATE VIEW', 0.09441590309143066, '2026-11-22 11:37:14.547761+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.unevaluated_assets', 'unevaluated_assets', 'model', 'success', 'observed', 'monitoring.unevaluated_assets', '', '', NULL, NULL, 'CREATE VIEW', 0.07582783699035645, '2026-11-22 11:37:14.63133+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.anomaly_episodes', 'anomaly_episodes', 'model', 'success', 'observed', 'monitoring.anomaly_episodes', '', '', NULL, NULL, 'CREATE VIEW', 0.08871722221374512, '2026-11-22 11:37:14.722426+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('3eada345-f7fc-4eda-9f20-265069011330', 'model.lookout.alerts', 'alerts', 'model', 'success', 'observed', 'monitoring.alerts', '', '', NULL, 0, 'INSERT 0 0', 0.18582987785339355, '2026-11-22 11:37:14.91457+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('5db8cc35-4510-4a52-a222-e6b673b19d9b', 'model.observed.daily', 'daily', 'model', 'success', 'observed', 'public.daily', '', '', NULL, NULL, 'CREATE VIEW', 0.08487153053283691, '2026-02-21 00:00:00+00', '', 'model');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.assets', 'assets', 'model', 'success', 'observed', 'monitoring.assets', '', '', NULL, 0, 'INSERT 0 0', 0.15095186233520508, '2026-11-22 11:37:16.621917+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.baselines', 'baselines', 'model', 'success', 'observed', 'monitoring.baselines', '', '', NULL, 0, 'INSERT 0 0', 0.13106369972229004, '2026-11-22 11:37:16.757924+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.collection_results', 'collection_results', 'model', 'success', 'observed', 'monitoring.collection_results', '', '', NULL, 0, 'INSERT 0 0', 0.09415626525878906, '2026-11-22 11:37:16.852757+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.dbt_results', 'dbt_results', 'model', 'success', 'observed', 'monitoring.dbt_results', '', '', NULL, 0, 'INSERT 0 0', 0.18905162811279297, '2026-11-22 11:37:17.0466+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.lookout_runs', 'lookout_runs', 'model', 'success', 'observed', 'monitoring.lookout_runs', '', '', NULL, 0, 'INSERT 0 0', 0.21782255172729492, '2026-11-22 11:37:17.268581+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.metric_observations', 'metric_observations', 'model', 'success', 'observed', 'monitoring.metric_observations', '', '', NULL, 0, 'INSERT 0 0', 0.16838669776916504, '2026-11-22 11:37:17.440824+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.monitors', 'monitors', 'model', 'success', 'observed', 'monitoring.monitors', '', '', NULL, 0, 'INSERT 0 0', 0.1508197784423828, '2026-11-22 11:37:17.603031+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.asset_status', 'asset_status', 'model', 'success', 'observed', 'monitoring.asset_status', '', '', NULL, NULL, 'CREATE VIEW', 0.10099673271179199, '2026-11-22 11:37:17.710966+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.failing_tests', 'failing_tests', 'model', 'success', 'observed', 'monitoring.failing_tests', '', '', NULL, NULL, 'CREATE VIEW', 0.0901339054107666, '2026-11-22 11:37:17.810795+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.anomalies', 'anomalies', 'model', 'success', 'observed', 'monitoring.anomalies', '', '', NULL, 1, 'SELECT 1', 0.09678435325622559, '2026-11-22 11:37:17.913469+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.stale_assets', 'stale_assets', 'model', 'success', 'observed', 'monitoring.stale_assets', '', '', NULL, NULL, 'CREATE VIEW', 0.13785552978515625, '2026-11-22 11:37:18.058233+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.unevaluated_assets', 'unevaluated_assets', 'model', 'success', 'observed', 'monitoring.unevaluated_assets', '', '', NULL, NULL, 'CREATE VIEW', 0.07639861106872559, '2026-11-22 11:37:18.136962+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.anomaly_episodes', 'anomaly_episodes', 'model', 'success', 'observed', 'monitoring.anomaly_episodes', '', '', NULL, NULL, 'CREATE VIEW', 0.0584721565246582, '2026-11-22 11:37:18.201017+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.alerts', 'alerts', 'model', 'success', 'observed', 'monitoring.alerts', '', '', NULL, 1, 'INSERT 0 1', 0.1294248104095459, '2026-11-22 11:37:18.334649+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'test.lookout.accepted_values_alerts_status__open__resolved.342a90fb81', 'accepted_values_alerts_status__open__resolved', 'test', 'pass', 'observed', 'monitoring.alerts', 'status', 'error', 0, 1, '', 0.04849362373352051, '2026-11-22 11:37:18.389625+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'test.lookout.unique_alerts_alert_key.02bdff2ac7', 'unique_alerts_alert_key', 'test', 'pass', 'observed', 'monitoring.alerts', 'alert_key', 'error', 0, 1, '', 0.025119304656982422, '2026-11-22 11:37:18.417639+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('e981307c-515b-4db6-af3e-930d5d53a909', 'model.lookout.scorecard', 'scorecard', 'model', 'success', 'observed', 'monitoring.scorecard', '', '', NULL, 29, 'INSERT 0 29', 0.1698606014251709, '2026-11-22 11:37:18.600073+00', '', 'monitoring');
INSERT INTO monitoring.dbt_results VALUES ('b691e27d-cfda-47b2-9533-eea0e067ae1e', 'model.observed.daily', 'daily', 'model', 'success', 'observed', 'public.daily', '', '', NULL, NULL, 'CREATE VIEW', 0.15854978561401367, '2026-03-02 00:00:00+00', '', 'model');
INSERT INTO monitoring.lookout_runs VALUES ('eb5bec1fa6a6466fba6cb56a89debca5', 1, 'run', '2026-02-21 00:00:00+00', '2026-11-22 11:37:15.216677+00', '2026-11-22 11:37:19.015777+00', 'success', NULL, 1, '');
INSERT INTO monitoring.lookout_runs VALUES ('44a296f1aed847dba5d88b83faf86648', 2, 'run', '2026-03-02 00:00:00+00', '2026-11-22 11:37:28.297431+00', '2026-11-22 11:37:32.10448+00', 'success', NULL, 2, '');
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-05 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-06 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-07 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-08 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-09 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-10 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-11 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-12 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-13 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-14 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-15 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-16 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-17 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-18 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-19 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-20 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-21 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-22 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-23 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-24 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-25 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-26 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-27 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-28 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-29 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-30 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-01-31 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-01 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-02 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-03 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-04 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-05 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-06 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-07 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-08 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-09 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-10 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-11 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-12 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-13 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-14 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-15 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-16 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-17 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-18 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-19 00:00:00+00', 200, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-20 00:00:00+00', 50, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-05 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-06 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-07 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-08 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-09 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-10 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-11 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-12 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-13 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-14 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-15 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-16 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-17 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-18 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-19 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-20 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-21 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-22 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-23 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-24 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-25 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-26 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-27 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-28 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-29 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-30 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-01-31 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-01 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-02 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-03 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-04 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-05 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-06 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-07 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-08 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-09 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-10 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-11 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-12 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-13 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-14 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-15 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-16 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-17 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-18 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-19 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-20 00:00:00+00', 68400, '2026-02-21 00:00:00+00', 1);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-21 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-22 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-23 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-24 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-25 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-26 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-27 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-02-28 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', '2026-03-01 00:00:00+00', 200, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-21 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-22 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-23 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-24 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-25 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-26 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-27 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-02-28 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.metric_observations VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', '2026-03-01 00:00:00+00', 68400, '2026-03-02 00:00:00+00', 2);
INSERT INTO monitoring.monitors VALUES ('fff413851a6896d07a0ff5ba8a0cdc60', 'observed', 'public.orders', '', 'row_count', 'count', 'day', 'source.observed.shop.orders', 'batch', 'sales', '', 'learned', 'both', 2, 3, 'critical', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'c711dc2a6085c580e4ccdddcaa0c8902', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.monitors VALUES ('b8659a65a15157eee5480a30edb0e4ea', 'observed', 'public.orders', '', 'freshness', 'positive', 'day', 'source.observed.shop.orders', 'batch', 'sales', '', 'learned', 'up', 2, 3, 'critical', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '9456c9c3f1cf8c42530005543b8855a1', true, '2026-02-21 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('layer', '', 'monitoring', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 16, 1, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('platform', '', 'Overall', 100, 'HEALTHY', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18, 1, 16, 1, 0, 0, '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('owner', '', 'sales', 100, 'Excellent', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('layer', '', 'batch', 100, 'Healthy', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('layer', '', 'model', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('platform', '', 'Platform reliability', 100, 'Excellent', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18, 1, 16, 1, 0, 0, '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('platform', '', 'Batch layer', 100, 'Healthy', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18, 1, 16, 1, 0, 0, '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('platform', '', 'Contract compliance', 100, 'Compliant', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18, 1, 16, 1, 0, 0, '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('platform', '', 'CDC layer', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('owner', '', 'nobody named', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 0, 16, 1, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.scorecard_counts', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.metric_observations', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.stale_assets', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.assets', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.failing_tests', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.unevaluated_assets', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.monitors', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.anomalies', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.alerts', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('connection', 'observed', 'observed', 100, 'Excellent', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18, 1, 16, 1, 0, 0, '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.lookout_runs', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.collection_results', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.baselines', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'public.daily', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.dbt_results', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.scorecard', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'public.orders', 100, 'Excellent', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.asset_status', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
INSERT INTO monitoring.scorecard VALUES ('asset', 'observed', 'monitoring.anomaly_episodes', NULL, 'not evaluated', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, NULL, '2026-03-02 00:00:00+00');
CREATE UNIQUE INDEX "22f901ecf11420a9aae75a0a10e97d9c" ON monitoring.monitors USING btree (series_key);
CREATE UNIQUE INDEX "3783c6452e4579d320f36bddad4091e5" ON monitoring.dbt_results USING btree (invocation_id, node_id);
CREATE UNIQUE INDEX "49240fb56ec1598881e21699e7eb6ded" ON monitoring.assets USING btree (node_id);
CREATE UNIQUE INDEX "7a168e468d83949a2dbe854304924dfe" ON monitoring.scorecard USING btree (scope, connection, name);
CREATE UNIQUE INDEX "8c99d27c9c39ee14091942133b159199" ON monitoring.metric_observations USING btree (series_key, bucket_start);
CREATE UNIQUE INDEX "9042c14ccdd0260fcc631e7f9cf6886a" ON monitoring.alerts USING btree (alert_key);
CREATE INDEX "9bfa48ace35b1a87bd214006863ca18f" ON monitoring.alerts USING btree (first_seen_at);
CREATE INDEX ae5c0355c71dbe26eacdcbc8bb062f74 ON monitoring.metric_observations USING btree (batch_number);
CREATE UNIQUE INDEX be4aa0a71588942178967253e6d1c6dc ON monitoring.anomalies USING btree (series_key, bucket_start);
CREATE INDEX d1d70d18799519568c3f41ef995e37ee ON monitoring.alerts USING btree (alert_type, asset);
CREATE UNIQUE INDEX d3c69ec790c1cff7993e53fdea0b3ca9 ON monitoring.baselines USING btree (series_key, bucket_start);
CREATE UNIQUE INDEX db5c27a1ec96e23d71902f66a72da79d ON monitoring.collection_results USING btree (connection, asset, as_of);
CREATE UNIQUE INDEX e0baedc778280ae0d14b286ccd7719cf ON monitoring.lookout_runs USING btree (run_id);
