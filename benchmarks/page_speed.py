"""How large the page people open is, and how fast: python benchmarks/page_speed.py [assets [days]]

Fills a monitoring schema with watched tables of three daily series each (100 tables and 90 days unless told otherwise),
an alert in every tenth week of a series, a lineage in eight layers, dbt invocations with a node for every table and two
tests of each, contracts and schema changes. Prints seconds, megabytes and, where Chromium is installed, how long the
page takes until it is drawn.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from _workbench import NOW, ROOT, project, server

from lookout.database.store import Store
from lookout.project.workspace import Workspace
from lookout.report.data import read
from lookout.report.page.data import read_page
from lookout.report.page.render import render_page
from lookout.report.write import write_reports
from lookout.runs.landing import ensure_landing
from lookout.runs.steps import MONITORING
from lookout.tracking.lineage.declare import rebuild_closure

ROWS = """
create temporary table t as
select n, 'layer_' || n % 8 || '.table_' || n as asset, 'team-' || n % 12 as owner, 'layer_' || n % 8 as layer
from generate_series(0, {assets} - 1) as n;
create temporary table s as
select t.*, metric, case metric when 'null_rate' then 'rate' when 'row_count' then 'count' else 'positive' end as kind,
    md5(t.asset || metric) as series_key
from t cross join unnest(array['row_count', 'freshness', 'null_rate']) as metric;
insert into {schema}.monitors (series_key, connection, asset, column_name, metric, kind, grain, layer, owner, method,
    alert_from, is_active, node_id)
select series_key, 'bench', asset, '', metric, kind, 'day', layer, owner, 'learned', 'critical', true, 'model.b.' || n
from s;
insert into {schema}.baselines (series_key, bucket_start, status, observed_value, expected_value, lower_bound,
    upper_bound, scale, sample_size, method, score, severity, reason, learned_at)
select series_key, {now} - d * interval '1 day', 'judged', 10000 + 1000 * random(), 10500 + random(),
    9000.123 + random(), 12000.456 + random(), 5, 40, 'learned', 0.3,
    case when (d + n) % 70 = 0 then 'critical' else '' end,
    'about the usual 10,500', {now}
from s cross join generate_series(1, {days}) as d;
insert into {schema}.metric_observations (series_key, connection, asset, column_name, metric, kind, grain, bucket_start,
    value, observed_at)
select b.series_key, 'bench', s.asset, '', s.metric, s.kind, 'day', b.bucket_start, b.observed_value, {now}
from {schema}.baselines as b inner join s on s.series_key = b.series_key;
insert into {schema}.collection_results (connection, asset, as_of, status, message, owner, layer, latest_at)
select 'bench', asset, {now}, 'ok', '', owner, layer, {now} from t;
insert into {schema}.alerts (alert_key, alert_type, severity, status, connection, asset, column_name, metric, layer,
    owner, series_key, window_start, window_end, observed_value, expected_value, lower_bound, upper_bound, score,
    reason, description, first_seen_at, last_seen_at, occurrences, resolved_at)
select md5(series_key || d), 'METRIC_ANOMALY', 'critical', case when d < 3 then 'open' else 'resolved' end, 'bench',
    asset, '', metric, layer, owner, series_key, {now} - d * interval '1 day', {now} - (d - 1) * interval '1 day',
    4000, 10500, 9000, 12000, -5, '62 % less than the usual 10,500',
    metric || ' was 4,000, expected about 10,500', {now}, {now}, 1,
    case when d < 3 then null else {now} end
from s cross join generate_series(1, {days}) as d where (d + n) % 70 = 0;
insert into {schema}.alert_explanations (alert_key, dimension, explanation, details, bucket_start, explained_at)
select alert_key, d, '96 % of the missing rows are from ' || d || ' A and B (usually 70 % of the rows)', '{}',
    window_start, {now}
from {schema}.alerts cross join unnest(array['country', 'channel']) as d;
insert into {schema}.assets (node_id, name, resource_type, connection, asset, layer, owner, has_description,
    column_count, documented_column_count, test_count, is_monitored, is_active)
select 'model.b.' || n, 'table_' || n, 'model', 'bench', asset, layer, owner, n % 3 > 0, 12, 7, 2, true, true from t;
insert into {schema}.pipelines (pipeline_id, name, pipeline_type, origin, node_id, owner, active, created_at,
    mute_freshness_check, mute_timeliness_check, load_lineage, pipeline_metadata, input_hash)
select md5(name), name, 'dbt model', 'dbt', name, '', true, {now}, false, false, false, '{}', ''
from (select 'dbt:bench' union all select 'model.b.' || n from t union all
    select 'test.b.not_null_' || n || '_' || k from t cross join generate_series(1, 2) as k) as names (name);
insert into {schema}.pipeline_executions (execution_id, parent_id, pipeline_id, start_date, date_recorded,
    hour_recorded, end_date, duration_seconds, elapsed_seconds, completed_successfully, total_rows,
    kind, status, execution_metadata, error)
select md5(p.name || '/' || d), case when p.name <> 'dbt:bench' then md5('dbt:bench/' || d) end, p.pipeline_id, began,
    cast(began as date), 0, began + interval '2 seconds', 2, 2.1, true, 100,
    case when p.name = 'dbt:bench' then 'dbt invocation' else 'dbt node' end, 'success',
    '{"command": "dbt build"}', ''
from {schema}.pipelines as p cross join generate_series(1, 30) as d
cross join lateral (select {now} - d * interval '1 day' + random() * interval '10 minutes' as began) as times;
insert into {schema}.addresses (address_id, name, address_type, node_id, owner, is_active, created_at)
select md5(asset), asset, 'dbt model', 'model.b.' || n, owner, true, {now} from t;
insert into {schema}.address_lineage (pipeline_id, source_address_id, target_address_id, declared_at)
select distinct md5('model.b.' || b.n), md5(a.asset), md5(b.asset), {now} from t as a
inner join t as b on b.n in (a.n + 1, a.n + 9);
insert into {schema}.schema_changes (connection, asset, subject, version_number, column_name, change_type, detail,
    old_value, new_value, seen_at, owner)
select 'bench', asset, 'table', 1, 'c' || k, 'type_changed', '', 'integer', 'bigint', {now}, owner
from t cross join generate_series(1, 3) as k;
"""


def main() -> None:
    """Measure one size."""
    assets, days = [*map(int, sys.argv[1:3]), *(100, 90)[len(sys.argv[1:3]) :]]
    with server() as (running, home):
        measure(project(running, home / "project"), assets, days, home)


def measure(workspace: Workspace, assets: int, days: int, home: Path) -> None:
    """All numbers of one size."""
    ensure_landing(workspace)
    with Store(workspace.home.warehouse) as store:
        now = f"timestamptz '{NOW.isoformat()}'"
        filled = ROWS.replace("{assets}", str(assets)).replace("{days}", str(days)).replace("{now}", now)
        store.execute(filled)
        rebuild_closure(store, full=True)
        done = workspace.home.project.build(["run", "--select", MONITORING], keep_artifacts=False)
        assert done.success, done.failures
        print(f"{assets} tables, {3 * assets} series, {days} days", flush=True)
        began = time.perf_counter()
        write_reports(store, home, as_of=NOW)
        print(f"  all reports, the first time          {time.perf_counter() - began:7.2f} s")
        report = read(store, NOW)
        began = time.perf_counter()
        page = read_page(store, report)
        asked = time.perf_counter()
        html = render_page(page)
        print(f"  the page: read                       {asked - began:7.2f} s")
        print(f"  the page: written                    {time.perf_counter() - asked:7.2f} s")
    print(f"  alerts shown                         {len(page.rows('alerts')):7}")
    print(f"  points                               {len(page.points):7}")
    print(f"  size                                 {len(html.encode()) / 1e6:7.2f} MB", flush=True)
    in_a_browser(home)


def in_a_browser(home: Path) -> None:
    """How long Chromium takes until the first screen is there and until its chart is drawn; nothing without it."""
    sys.path.insert(0, str(ROOT))
    from tests.browser import Browser, find_browser

    found = find_browser()
    if found is None:
        print("  no Chromium is installed, so the page was not opened")
        return
    browser = Browser(found, home / "profile")
    try:
        browser.look()
        for _ in range(3):
            browser.open("about:blank")
            browser.open((home / "index.html").as_uri())
            browser.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            shown = browser.run("performance.now()")
            loaded = browser.run("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
            print(f"  opened in Chromium                   {loaded / 1000:7.2f} s, drawn by {shown / 1000:.2f} s")
    finally:
        browser.close()


if __name__ == "__main__":
    main()
