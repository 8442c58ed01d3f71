"""Lookout's two roles: what `lookout grants` prints is enough for everything Lookout does, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg2
import pytest
import yaml

from lookout.database.connection import Connection, connect
from lookout.errors import ConfigError, SourceError
from lookout.grants.plan import Grant, Needs, grants_sql, plan_grants
from tests.conftest import MONITORING, ROLE_PASSWORD, Observed, Said, Server

Lookout = Callable[..., Said]
# Names that need quotes, so that one forgotten anywhere is noticed.
READER, WRITER = 'Lookout\'s "reader"', "lookout$$writer 2"
SHOP = """
create schema "Sales 1"; create schema hidden;
create table "Sales 1"."Order s" (at timestamptz, customer_id int, amount numeric);
create table "Sales 1".customers (id int primary key);
create table "Sales 1".salaries (id int); create table hidden.salaries (id int);
insert into "Sales 1".customers select generate_series(1, 10);
insert into "Sales 1"."Order s" select day + n * interval '1 minute', n % 11, 10
from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day, generate_series(1, 50) as n;
"""
HOME = """
create schema landing;
create table landing.events (at timestamptz, amount int);
create table landing.parked (id int);
insert into landing.events select day, 1 from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 hour') as day;
"""
SETTINGS = """
version: 2
sources:
  - name: shop
    schema: Sales 1
    tables:
      - name: orders
        identifier: Order s
        columns:
          - {name: customer_id, data_type: integer, constraints: [{type: foreign_key, to: "source('shop', 'customers')", to_columns: [id]}]}
        config: {meta: {lookout: {connection: shop, timestamp_column: at, metrics: [row_count, {name: mean, column: amount}], contract: true}}}
      - name: customers
        config: {meta: {lookout: {connection: shop}}}
  - name: landing
    schema: landing
    tables:
      - name: events
      - name: parked
models:
  - name: events_by_hour
    config: {schema: marts, meta: {lookout: {timestamp_column: at, metrics: [row_count]}}}
"""


class Place:
    """Two databases with tables of an administrator, the roles, and a project that watches and builds."""

    def __init__(self, observed: Observed, server: Server) -> None:
        self.server, self.root = server, observed.root
        for role in (READER, WRITER):
            server.run(f"drop role if exists {_quoted(role)}")
        self.shop, self.home = server.create_database("grants shop"), server.create_database("grants_home")
        run(self.shop, SHOP)
        run(self.home, HOME)

    def write_profile(self) -> None:
        pairs = ((self.home, "observed", WRITER), (self.shop, "shop", READER))
        outputs = {
            name: {"type": "postgres", "schema": "public", "threads": 2, **self.role(connection, role).parameters}
            for connection, name, role in pairs
        }
        profile = {"observed": {"target": "observed", "outputs": outputs}}
        (self.root / "profiles.yml").write_text(yaml.safe_dump(profile))

    def role(self, connection: Connection, role: str) -> Connection:
        return Connection(connection.name, {**connection.parameters, "user": role, "password": ROLE_PASSWORD})

    def refused(self, connection: Connection, role: str, statement: str) -> bool:
        try:
            run(self.role(connection, role), statement)
        except psycopg2.errors.InsufficientPrivilege:
            return True
        return False

    def granted(self, lookout: Lookout, *arguments: str) -> str:
        said = lookout("grants", "--reader", READER, "--writer", WRITER, *arguments, cwd=self.root)
        assert (said.code, said.err) == (0, "")
        return said.out

    def apply(self, lookout: Lookout, *arguments: str) -> None:
        """Run what is printed as its administrator would, twice, and give the roles a password."""
        for connection, place in (("shop", self.shop), ("observed", self.home)):
            text = self.granted(lookout, "--connection", connection, *arguments)
            assert "password" not in text.replace("No password", "").replace("\\password", "")
            for _ in range(2):
                run(place, text)
        for role in (READER, WRITER):
            self.server.run(f"alter role {_quoted(role)} password '{ROLE_PASSWORD}'")


def run(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    handle = connect(connection)
    handle.autocommit = True
    try:
        with handle.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        handle.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture
def place(observed: Observed, server: Server) -> Iterator[Place]:
    files = {
        "models/sources.yml": SETTINGS,
        "models/events_by_hour.sql": "select at, amount from {{ source('landing', 'events') }}",
    }
    before = {name: (observed.root / name).read_text() for name in files if (observed.root / name).exists()}
    for name, text in files.items():
        (observed.root / name).write_text(text)
    made = Place(observed, server)
    made.write_profile()
    yield made
    for name in files:
        if name in before:
            (observed.root / name).write_text(before[name])
        else:
            (observed.root / name).unlink()
    (observed.root / "lookout.yml").unlink(missing_ok=True)
    server.run('drop database "grants shop" with (force)')
    server.run("drop database grants_home with (force)")
    for role in (READER, WRITER):
        server.run(f"drop role if exists {_quoted(role)}")


@pytest.fixture
def heard() -> Iterator[tuple[str, list[Any]]]:
    """A service on this machine, and what it was told."""
    told: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    service = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=service.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{service.server_port}/", told
    service.shutdown()
    service.server_close()


def test_everything_runs_as_the_two_roles_and_nothing_more(
    place: Place, lookout: Lookout, heard: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, told = heard
    monkeypatch.setenv("HOOK", url)
    (place.root / "lookout.yml").write_text(
        "notifications: {targets: {desk: {url: {env: HOOK}}}, default: {targets: [desk]}}"
    )
    place.apply(lookout)
    doctor = lookout("doctor", cwd=place.root)
    assert f"ok   connection shop, rights: {READER} may do all that is needed" in doctor.out
    assert f"ok   connection observed, rights: {WRITER} may do all that is needed" in doctor.out
    assert "warn" not in doctor.out

    # Everything Lookout does, from an empty database on: the roles may do it.
    done = lookout("run", "--as-of", "2026-03-03", "--json", cwd=place.root)
    assert (done.code, json.loads(done.out)["problems"]) == (1, [])
    found = run(place.home, f"select alert_type, asset from {MONITORING}.alerts where status = 'open' order by 1, 2")
    assert ("CONTRACT_VIOLATION", "Sales 1.Order s") in found
    assert ("VOLUME_ANOMALY", "Sales 1.Order s") in found
    assert ("VOLUME_ANOMALY", "public_marts.events_by_hour") in found
    assert len(told) == 1
    for arguments, code in (
        (("run", "--as-of", "2026-03-04"), 1),
        (("contracts", "--as-of", "2026-03-04"), 1),
        (("report", "--as-of", "2026-03-04"), 0),
        (("alerts", "mute", "*.orders", "--until", "2099-01-01"), 0),
        (("alerts", "list"), 0),
        (("prune", "--as-of", "2026-03-05"), 0),
        (("watermark", "set", "load orders", "7", "--force"), 0),
        (("publish", "--as-of", "2026-03-04"), 1),
        (("track", "exec", "--name", "load", "--", "true"), 0),
        (("doctor",), 0),
    ):
        said = lookout(*arguments, cwd=place.root)
        assert (said.code, "permission denied" in said.out + said.err) == (code, False), (arguments, said)

    # And nothing else: the reader reads what is watched or looked up.
    shop, home = place.shop, place.home
    assert run(place.role(shop, READER), 'select count(*) from "Sales 1"."Order s"') == [(3000,)]
    assert run(place.role(shop, READER), 'select count(*) from "Sales 1".customers') == [(10,)]
    for statement in (
        'select from "Sales 1".salaries',
        "select from hidden.salaries",
        'begin read write; insert into "Sales 1".customers values (11)',
        'begin read write; create table "Sales 1".mine (id int)',
    ):
        assert place.refused(shop, READER, statement), statement
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        run(place.role(shop, READER), "create table public.mine (id int)")
    own = "select unnest(setconfig) from pg_db_role_setting where setrole = (select oid from pg_roles where rolname = user)"
    assert ("statement_timeout=10min",) in run(place.role(shop, READER), own)
    # The writer reads what its models read, and touches no source.
    for statement in (
        "insert into landing.events values (now(), 1)",
        "delete from landing.events",
        "drop table landing.events",
        "select from landing.parked",
        "create schema other",
        "create table landing.mine (id int)",
    ):
        assert place.refused(home, WRITER, statement), statement
    assert place.refused(shop, WRITER, 'select from "Sales 1"."Order s"')


def test_what_is_no_longer_watched_is_no_longer_read(place: Place, lookout: Lookout) -> None:
    place.apply(lookout)
    run(place.home, f"create table {MONITORING}.monitors (id int); create table public_marts.events_by_hour (id int)")
    run(
        place.shop,
        f"grant select on hidden.salaries to {_quoted(READER)}; grant usage on schema hidden to {_quoted(READER)}",
    )
    sources = yaml.safe_load(SETTINGS)
    del sources["sources"][0]["tables"][0]["columns"]
    (place.root / "models" / "sources.yml").write_text(yaml.safe_dump(sources))
    place.apply(lookout)
    assert run(place.role(place.shop, READER), 'select count(*) from "Sales 1"."Order s"') == [(3000,)]
    assert place.refused(place.shop, READER, 'select from "Sales 1".customers')
    assert place.refused(place.shop, READER, "select from hidden.salaries")
    # What an administrator made in the monitoring schema is the writer's now; a model only if that is asked for.
    owners = "select tablename, tableowner from pg_tables where schemaname in ('monitoring', 'public_marts') order by 1"
    (user,) = run(place.home, "select current_user::text")[0]
    assert run(place.home, owners) == [("events_by_hour", user), ("monitors", WRITER)]
    said = lookout("doctor", cwd=place.root)
    assert f"warn connection observed, dbt build: {WRITER} does not own public_marts.events_by_hour, so" in said.out
    place.apply(lookout, "--take-over")
    assert run(place.home, owners) == [("events_by_hour", WRITER), ("monitors", WRITER)]
    alone = lookout("grants", "--take-over", "--no-build", cwd=place.root)
    assert (alone.code, "leave out --no-build" in alone.err) == (2, True)


def test_doctor_tells_what_a_role_lacks_and_what_is_too_much(place: Place, lookout: Lookout) -> None:
    place.apply(lookout)
    run(place.shop, f'revoke select on "Sales 1".customers from {_quoted(READER)}')
    run(place.shop, f'grant update (amount) on "Sales 1"."Order s" to {_quoted(READER)}')
    run(place.home, f"revoke create on schema {MONITORING} from {_quoted(WRITER)}")
    said = lookout("doctor", cwd=place.root)
    assert said.code == 2
    lines = {line[5:].split(":")[0]: line for line in said.out.splitlines()}
    assert lines["connection shop, rights"].startswith("FAIL")
    assert "may not read Sales 1.customers: let a DBA run what `lookout grants --connection shop` prints" in said.out
    assert lines["connection shop, least privilege"].startswith("warn")
    assert "may write to Sales 1.Order s, which Lookout does not need" in lines["connection shop, least privilege"]
    assert "may not create tables in schema monitoring: let a DBA" in lines["connection observed, rights"]

    profile = yaml.safe_load((place.root / "profiles.yml").read_text())
    for name, connection in (("observed", place.home), ("shop", place.shop)):
        profile["observed"]["outputs"][name] |= {"password": "", **connection.parameters}
    profile["observed"]["outputs"]["idle"] = {**profile["observed"]["outputs"]["shop"], "host": "nowhere.invalid"}
    (place.root / "profiles.yml").write_text(yaml.safe_dump(profile))
    told = lookout("doctor", cwd=place.root).out.splitlines()
    warned = [line for line in told if line.startswith("warn")]
    assert "No table is in it, so nothing is lost." in warned[0]
    assert ["is a superuser, which Lookout does not need" in line for line in warned] == [False, True, True]


def test_who_builds_and_who_links_is_said_aloud(place: Place, lookout: Lookout, tmp_path: Path) -> None:
    whole = place.granted(lookout, "--out", str(tmp_path / "grants.sql"))
    assert whole == ""
    whole = (tmp_path / "grants.sql").read_text()
    assert whole.count("begin;\n\ndo") == 2
    assert '"landing"."events"' in whole
    assert "create schema if not exists" in whole
    assert "foreign data wrapper" not in whole
    assert "parked" not in whole
    # Somebody else builds: his models are read, and nothing of his is built.
    alone = place.granted(lookout, "--no-build", "--connection", "observed")
    assert '."events_by_hour"' in alone
    assert "dbt build" not in alone
    assert "landing" not in alone
    linked = place.granted(lookout, "--link", "--connection", "observed")
    assert "grant usage on foreign data wrapper postgres_fdw" in linked
    assert 'grant usage, create on schema "Sales 1"' in linked
    unknown = lookout("grants", "--connection", "shopp", cwd=place.root)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err == "Nothing is watched in a connection 'shopp'; there is: shop, observed.\n"


def test_a_part_runs_in_its_own_database_only_and_changes_no_superuser(server: Server) -> None:
    here = server.create_database("grants_guard")
    (user,) = run(here, "select current_user::text")[0]
    needs = Needs("home", {"home": frozenset(), "away": frozenset()}, "monitoring")
    away, home = plan_grants(
        needs,
        {"home": Connection("home", here.parameters), "away": Connection("away", {"dbname": "somewhere else"})},
        writer=user,
    )
    for grant, message in ((away, "this part is for database somewhere else"), (home, "is a superuser")):
        with pytest.raises(psycopg2.Error, match=message):
            run(here, grants_sql([grant]))
    assert run(here, "select from pg_roles where rolname = 'lookout_reader' and not rolsuper limit 0") == []
    assert run(here, "select from pg_namespace where nspname = 'monitoring'") == []


def test_a_line_end_in_a_name_ends_no_comment() -> None:
    text = grants_sql(
        [Grant("c\ndrop table a;", "r\ndrop table b;", "d\ndrop table c;", "h", "1", profile_user="u\ndrop table d;")]
    )
    bare = [line for line in text.splitlines() if line.startswith("drop")]
    # Only inside quotes does a line begin with it.
    quoted = text.replace('"r\ndrop table b;"', "").replace("'r\ndrop table b;'", "")
    quoted = quoted.replace('"d\ndrop table c;"', "").replace("'d\ndrop table c;'", "")
    assert bare
    assert not [line for line in quoted.splitlines() if line.startswith("drop")]


def test_two_roles_have_two_names() -> None:
    with pytest.raises(ConfigError, match="both called 'one'"):
        plan_grants(Needs("home", {"home": frozenset()}), {}, reader="one", writer="one")
    with pytest.raises(ConfigError, match="needs a name"):
        plan_grants(Needs("home", {"home": frozenset()}), {}, reader="", writer="one")


def test_observed_projects_run_as_these_roles(observed: Observed) -> None:
    outputs = yaml.safe_load((observed.root / "profiles.yml").read_text())["observed"]["outputs"]
    for name, user in (("shop", "lookout_reader"), ("observed", "lookout_writer")):
        parameters = {key: outputs[name][key] for key in ("host", "port", "user", "password", "dbname")}
        handle = connect(Connection(name, parameters))
        with handle, handle.cursor() as cursor:
            cursor.execute(
                "select current_user::text, rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
            )
            assert cursor.fetchone() == (user, False, False, False)
        handle.close()
    with pytest.raises(SourceError):
        connect(Connection("nobody", {**parameters, "user": "lookout_nobody"}))
