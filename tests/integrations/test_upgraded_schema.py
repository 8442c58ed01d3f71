"""A schema that older versions made, after one run of today's: as a fresh one, and nothing that people said is lost."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import yaml

from lookout.database.connection import Connection, connect
from lookout.database.store import LANDING_KEYS
from lookout.database.writing.upsert import BOOKKEEPING
from lookout.project.workspace import open_workspace
from lookout.runs.landing import ensure_landing
from tests.conftest import MONITORING, ROOT, Observed, Said, Server
from tests.integrations.test_upgraded_rows import HISTORY

RECORDED = ROOT / "tests" / "integrations" / "upgrade"
# What the recorded rows are about: two tables that lacked rows on two days, one of them with a contract that it breaks.
TABLES = """
    create table {0} as
    select day + interval '5 hours' as at, n::int as id
    from generate_series(timestamptz '2026-02-01Z', timestamptz '2026-03-02Z', interval '1 day') as day,
        generate_series(1, case when day = '2026-02-20Z' then 5 when day = '2026-03-02Z' then 6 else 20 end) as n
"""
TYPED = [{"name": "at", "data_type": "timestamptz"}, {"name": "id", "data_type": "text"}]
# Within the hours after the latest run of each time: nothing but the version has changed.
CLOCKS = {"landing_0_1": "2026-03-02 01:00", "before_alert_states": "2026-03-03 08:00"}
# What people and services said, and what only the past knows: not a value of it may change.
KEPT = (
    "alerts", "alert_feedback", "alert_mutes", "alert_deliveries", "anomaly_detection_rules", "watermarks",
    "pipeline_executions", "metric_observations", "collection_results", "contract_findings", "schema_versions",
    "schema_changes", "lookout_runs",
)  # fmt: skip
# What an alert says beyond these is derived anew.
OF_ALERTS = (
    "alert_key, alert_type, severity, status, asset, window_start, description, first_seen_at, occurrences, resolved_at"
)
CATALOG = """
with relations as (
    select pg_class.* from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace and nspname = %(schema)s
    where relkind in ('r', 'v', 'm', 'p', 'S')
)
select relname || ': ' || case relkind when 'v' then 'view' when 'r' then 'table' else relkind::text end
    || coalesce(', ' || obj_description(oid, 'pg_class'), '')
from relations
union all
select relname || '.' || attname || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end
    || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') || coalesce(', ' || col_description(attrelid, attnum), '')
from relations
join pg_attribute on attrelid = relations.oid and attnum > 0 and not attisdropped
left join pg_attrdef on adrelid = attrelid and adnum = attnum
union all
select relname || ' ' || regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \\S+ ON', 'INDEX ON')
from relations join pg_index on indrelid = relations.oid
union all
select relname || ' ' || pg_get_constraintdef(pg_constraint.oid)
from relations join pg_constraint on conrelid = relations.oid and contype <> 'n'
"""
VIEWS = "select viewname::text, definition from pg_views where schemaname = %(schema)s"
# Where each row is and which transaction wrote it, and the file of each table and index: nothing is rewritten unseen.
PLACES = "select ctid::text, xmin::text from {schema}.{table} order by 1"
FILES = """
    select pg_class.relname::text, coalesce(indexed.relname::text, ''), pg_class.relfilenode::bigint from pg_class
    left join pg_index on indexrelid = pg_class.oid
    left join pg_class as indexed on indexed.oid = indrelid
    where coalesce(indexed.relname, pg_class.relname) = any(%s) and pg_class.relnamespace = %s::regnamespace
    order by 2, 1
"""


@dataclass
class Upgraded:
    """A project on a schema that an older version made. ``posts`` are the messages that a service received."""

    observed: Observed
    clock: str
    posts: list[bytes] = field(default_factory=list)

    def run(self) -> Any:
        return self.observed.run(self.clock)

    @cached_property
    def first_run(self) -> Any:
        """The summary of the run that upgraded it."""
        return self.run()

    def columns(self) -> dict[str, str]:
        """The columns of each kept table that exists and has rows."""
        query = """
            select table_name::text, string_agg(quote_ident(column_name), ', ' order by ordinal_position)
            from information_schema.columns
            where table_schema = %s and table_name = any(%s) and not column_name = any(%s)
            group by table_name
        """
        found = dict(self.observed.sql(query, (MONITORING, list(KEPT), list(BOOKKEEPING)), at="observed"))
        return {**found, "alerts": OF_ALERTS}

    def rows(self, columns: dict[str, str]) -> dict[str, list[tuple[Any, ...]]]:
        """The values of these columns of each table, in a fixed order."""
        return {
            table: self.observed.sql(f"select {names} from {MONITORING}.{table} order by 1, 2", at="observed")
            for table, names in columns.items()
        }

    def places(self) -> dict[str, list[tuple[Any, ...]]]:
        tables = [*LANDING_KEYS, "alerts"]
        found = {
            table: self.observed.sql(PLACES.format(schema=MONITORING, table=table), at="observed") for table in tables
        }
        return {**found, "files": self.observed.sql(FILES, (tables, MONITORING), at="observed")}


@pytest.fixture(scope="module", params=["landing_0_1", "before_alert_states"])
def old(request: pytest.FixtureRequest, server: Server, observed_project: Observed) -> Iterator[Upgraded]:
    """The recorded schema beside the tables that it is about, in a project that sends messages, before the first run."""
    project = observed_project
    project.reset("observed_template")
    runner = open_workspace(project.root).home.warehouse
    project.sql(
        f"drop schema {MONITORING} cascade; create schema {MONITORING} authorization {runner.parameters['user']}",
        at="observed",
    )
    handle = connect(runner)
    with handle, handle.cursor() as cursor:
        cursor.execute((RECORDED / f"{request.param}.pgsql").read_text())
    handle.close()
    if request.param == "landing_0_1":
        project.sql(HISTORY, at="observed")
    else:
        for table in ("orders", "payments"):
            project.sql(TABLES.format(table), at="observed")
    watched = {"connection": "observed", "timestamp_column": "at", "metrics": ["row_count"]}
    if request.param == "landing_0_1":
        project.declare({"orders": {"timestamp_column": "at", "owner": "sales"}}, connection="observed")
    else:
        orders = {"name": "orders", "columns": TYPED}
        orders["config"] = {"meta": {"lookout": {**watched, "owner": "sales", "contract": {}}}}  # type: ignore[assignment]
        payments = {"name": "payments", "config": {"meta": {"lookout": {**watched, "owner": "finance"}}}}
        content = {"version": 2, "sources": [{"name": "shop", "schema": "public", "tables": [orders, payments]}]}
        (project.root / "models" / "sources.yml").write_text(yaml.safe_dump(content, sort_keys=False))
    upgraded = Upgraded(project, CLOCKS[request.param])

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            upgraded.posts.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=service.serve_forever, daemon=True).start()
    settings = project.root / "lookout.yml"
    target = {"url": {"env": "UPGRADE_HOOK"}, "messages_per_minute": 60000}
    settings.write_text(yaml.safe_dump({"notifications": {"targets": {"team": target}}}))
    os.environ["UPGRADE_HOOK"] = f"http://127.0.0.1:{service.server_port}/"
    yield upgraded
    del os.environ["UPGRADE_HOOK"]
    settings.unlink()
    service.shutdown()
    service.server_close()
    server.run("drop database observed with (force)")


def catalog(connection: Connection) -> list[str]:
    """A line for each relation, column, index, constraint and line of a view; the order of columns and the clock aside."""
    handle = connect(connection)
    with handle, handle.cursor() as cursor:
        cursor.execute(CATALOG, {"schema": MONITORING})
        lines = [line for (line,) in cursor.fetchall()]
        cursor.execute(VIEWS, {"schema": MONITORING})
        for name, definition in cursor.fetchall():
            text = re.sub(r"'\d{4}-\d\d-\d\d[^']*'", "'<time>'", definition)
            lines += [f"{name} as {line.strip(' ,;')}" for line in text.splitlines()]
    handle.close()
    return sorted(lines)


def test_commands_before_the_first_run_are_one_sentence(old: Upgraded, lookout: Callable[..., Said]) -> None:
    for arguments in (("alerts", "list"), ("alerts", "show", "d7af"), ("notify",)):
        said = lookout(*arguments, cwd=old.observed.root)
        assert (said.code, said.out) == (2, ""), arguments
        assert len(said.err.strip().splitlines()) == 1, said.err
        assert "is missing in" in said.err
        assert "lookout run" in said.err
    assert old.posts == []
    assert lookout("report", cwd=old.observed.root).code == 0
    summary = (old.observed.root / "reports" / "detection_summary.md").read_text()
    assert "`alert_states`" in summary
    assert "lookout run" in summary
    assert "Nothing open" not in summary


def test_one_run_keeps_what_people_said_and_every_alert(old: Upgraded) -> None:
    columns = old.columns()
    before = old.rows(columns)
    if "alert_feedback" in columns:
        assert all(before.values())
        assert {row[3] for row in before["alerts"]} == {"open", "resolved"}

    assert old.first_run.problems == ()
    assert len(old.first_run.new_alerts) == 0
    after = old.rows(columns)
    lost = {table: [row for row in before[table] if row not in after[table]] for table in columns}
    assert {table: rows for table, rows in lost.items() if rows} == {}
    assert after["alerts"] == before["alerts"]
    if "alert_deliveries" in columns:
        assert after["alert_deliveries"] == before["alert_deliveries"]
        assert old.posts == []


def test_the_schema_is_the_one_that_a_fresh_project_gets(old: Upgraded, server: Server) -> None:
    assert old.first_run.problems == ()
    fresh = catalog(server.embedded.connection("observed_template"))
    upgraded = catalog(old.observed.warehouse)
    assert len(fresh) > 1000
    found = list(difflib.unified_diff(fresh, upgraded, "fresh", "upgraded", n=0, lineterm=""))
    assert not found, "\n".join(found)


def test_a_second_run_changes_nothing(old: Upgraded) -> None:
    assert old.first_run.problems == ()
    posts, before = len(old.posts), old.places()
    workspace = open_workspace(old.observed.root)
    workspace.parse()
    assert ensure_landing(workspace) is False
    assert old.places() == before

    summary = old.run()

    assert (len(summary.new_alerts), summary.problems, len(old.posts)) == (0, (), posts)
    after = old.places()
    # A run registers its own dbt build and says how far back it has read: all of it where metrics are new, then less.
    own = {"lookout_runs", "pipelines", "pipeline_executions", "pipeline_execution_closure", "collection_results"}
    assert {table for table in before if after[table] != before[table]} <= own
    lost = {table: len(set(before[table]) - set(after[table])) for table in own}
    assert lost["lookout_runs"] == lost["pipeline_executions"] == lost["pipeline_execution_closure"] == 0
    assert max(lost["pipelines"], lost["collection_results"]) <= 1
