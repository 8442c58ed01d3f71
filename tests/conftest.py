"""One embedded PostgreSQL for the whole suite, and dbt called in this process."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from dbt_common.behavior_flags import BehaviorFlagRendered
from psycopg2 import sql
from psycopg2.extensions import parse_dsn

from lookout import masking
from lookout.cli.main import GARBAGE_THRESHOLDS
from lookout.database.connection import Connection, connect
from lookout.database.embedded import EmbeddedServer
from lookout.database.options import CollectOptions
from lookout.database.store import LANDING_KEYS
from lookout.grants.plan import READER, WRITER, Needs, grants_sql, plan_grants
from lookout.init.plan import SELECTOR

ROOT = Path(__file__).resolve().parent.parent
MONITORING = "monitoring"
DbtRunner = Callable[..., Any]
ROLE_PASSWORD = "for tests"
# As the console command does.
gc.set_threshold(*GARBAGE_THRESHOLDS)
# dbt looks for the module that makes an adapter in the source of every caller, for a message that nobody reads here;
# pytest has many callers, and it is a tenth of the time that dbt takes.
BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters")  # type: ignore[method-assign]
# What dbt has parsed of this project, by connection and vars: a module's first call need not parse it all again.
PARSED: dict[tuple[str, str], bytes] = {}
# Read before the tests, whose environment knows no LOOKOUT_ variable.
TEST_URL = os.environ.get("LOOKOUT_TEST_URL", "")


@dataclass(frozen=True)
class GivenServer:
    """A running server that LOOKOUT_TEST_URL names, by the libpq keywords of its superuser."""

    url: str

    def connection(self, database: str, name: str | None = None) -> Connection:
        """Connection to one of its databases."""
        given = parse_dsn(self.url)
        return Connection(name or database, {**given, "port": int(given.get("port", 5432)), "dbname": database})


class Server:
    """The suite's server: fresh databases on demand."""

    def __init__(self, embedded: EmbeddedServer | GivenServer) -> None:
        self.embedded = embedded
        self._names = (f"t{number}" for number in count(1))

    def create_database(self, name: str | None = None, *, template: str = "template1") -> Connection:
        """A fresh, empty database (or a copy of ``template``); an old one of that name is dropped first."""
        name = name or next(self._names)
        self.run(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        self.run(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template)))
        return self.embedded.connection(name)

    def run(self, statement: sql.Composable | str) -> None:
        """Run one statement on the maintenance database, outside any transaction."""
        handle = connect(self.embedded.connection("postgres"))
        handle.autocommit = True
        with handle.cursor() as cursor:
            cursor.execute(statement)
        handle.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The suite's PostgreSQL. Its folder is short, because a socket's path may not be long.

    With LOOKOUT_TEST_URL, a superuser's URL, the suite runs on that server instead, in databases of its own making.
    """
    if TEST_URL:
        yield Server(GivenServer(TEST_URL))
        return
    home = Path(tempfile.mkdtemp(prefix="lookout-"))
    home.chmod(0o755)
    embedded = EmbeddedServer(home).start()
    running = Server(embedded)
    for setting, value in (("fsync", "off"), ("full_page_writes", "off"), ("autovacuum", "off")):
        running.run(sql.SQL("alter system set {} = {}").format(sql.Identifier(setting), sql.Literal(value)))
    running.run("select pg_reload_conf()")
    yield running
    embedded.stop()
    shutil.rmtree(home, ignore_errors=True)


def write_profile(folder: Path, connections: dict[str, Connection], target: str = "warehouse") -> Path:
    """A profiles.yml with one output for each connection; returns its folder."""
    outputs = {
        name: {"type": "postgres", "schema": "public", "threads": 1, "password": "", **connection.parameters}
        for name, connection in connections.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "profiles.yml").write_text(yaml.safe_dump({"lookout": {"target": target, "outputs": outputs}}))
    return folder


def dbt_runner(connection: Connection, folder: Path) -> DbtRunner:
    """A callable ``dbt(args, vars=None)`` that runs dbt at the project root against one database, in this process."""
    profiles = write_profile(folder, {"warehouse": connection})

    def run(arguments: Sequence[str], vars: dict[str, Any] | None = None) -> Any:
        from dbt.cli.main import dbtRunner

        flags = ["--project-dir", str(ROOT), "--profiles-dir", str(profiles), "--target-path", str(folder / "target")]
        flags += ["--log-path", str(folder / "logs"), "--quiet"]
        if vars is not None:
            flags += ["--vars", yaml.safe_dump(vars)]
        stored, key = folder / "target" / "partial_parse.msgpack", (repr(connection), yaml.safe_dump(vars))
        if key in PARSED and not stored.exists():
            stored.parent.mkdir(exist_ok=True)
            stored.write_bytes(PARSED[key])
        result = dbtRunner().invoke([*arguments, *flags])
        if key not in PARSED and stored.exists():
            PARSED[key] = stored.read_bytes()
        return result

    return run


@pytest.fixture(scope="module")
def warehouse(server: Server) -> Connection:
    """A fresh database for one test module."""
    return server.create_database("warehouse")


@pytest.fixture(scope="module")
def dbt(warehouse: Connection, tmp_path_factory: pytest.TempPathFactory) -> DbtRunner:
    """dbt at the project root against the module's ``warehouse``."""
    return dbt_runner(warehouse, tmp_path_factory.mktemp("dbt"))


@pytest.fixture
def sql_rows() -> Callable[..., list[tuple[Any, ...]]]:
    """``sql_rows(connection, statement, parameters=None)``: run one statement, commit, return its rows if any."""

    def run(connection: Connection, statement: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        handle = connect(connection)
        try:
            with handle, handle.cursor() as cursor:
                cursor.execute(statement, parameters)
                return list(cursor.fetchall()) if cursor.description else []
        except psycopg2.Error:
            handle.rollback()
            raise
        finally:
            handle.close()

    return run


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("LOOKOUT_", "DBT_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """The console command sets up the product's logger for its process; here each test finds it as it was."""
    log = logging.getLogger("lookout")
    before = list(log.handlers), log.propagate, log.level
    yield
    log.handlers, log.propagate = before[0], before[1]
    log.setLevel(before[2])


@pytest.fixture(autouse=True)
def _own_secrets() -> Iterator[None]:
    """What one test makes known as a secret is masked in no other."""
    before = dict(masking._known)
    yield
    masking._known.clear()
    masking._known.update(before)


class Observed:
    """Somebody else's dbt project that installs Lookout as a package and watches tables of a database `shop`."""

    def __init__(self, server: Server, root: Path) -> None:
        self.server, self.root = server, root
        (root / "models").mkdir(parents=True)
        (root / "dbt_project.yml").write_text(
            "name: observed\nversion: 1.0.0\nprofile: observed\nmodel-paths: [models]\n"
            "flags: {send_anonymous_usage_stats: false}\n"
        )
        (root / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(ROOT)}]}))
        (root / "selectors.yml").write_text(yaml.safe_dump({"selectors": [dict(SELECTOR)]}))
        self.reset()
        self._dbt("deps")

    def reset(self, template: str | None = None) -> None:
        """Fresh databases: an empty `shop`, and `observed` with or without the monitoring schema.

        ``shop`` and ``warehouse`` connect as the superuser who prepares a test; the profile, and so everything that
        `lookout` does, as the reader and the writer of `lookout grants`.
        """
        self.shop = self.server.create_database("shop")
        self.warehouse = self.server.create_database("observed", template=template or "template1")
        self._grant(is_new=template is None)
        self._write_profile({"observed": WRITER, "shop": READER})

    def as_administrator(self) -> None:
        """From now on `lookout` connects as the superuser, too: for what only an administrator can do."""
        self._write_profile({})

    def _write_profile(self, roles: dict[str, str]) -> None:
        outputs = {}
        for name, connection in (("observed", self.warehouse), ("shop", self.shop)):
            role = {"user": roles[name], "password": ROLE_PASSWORD} if name in roles else {}
            common = {"type": "postgres", "schema": "public", "threads": 1, "password": ""}
            outputs[name] = {**common, **connection.parameters, **role}
        (self.root / "profiles.yml").write_text(
            yaml.safe_dump({"observed": {"target": "observed", "outputs": outputs}})
        )

    def _grant(self, *, is_new: bool) -> None:
        """What `lookout grants` prints. Tests make tables as they go, so the right to read them comes by itself."""
        needs = Needs("observed", {"observed": frozenset(), "shop": frozenset()}, MONITORING, frozenset({"public"}))
        reader, writer = plan_grants(needs, {"observed": self.warehouse, "shop": self.shop})
        for place, grant in (("shop", reader), ("observed", writer)):
            # A template brings its grants along.
            if is_new or place == "shop":
                self.sql(grants_sql([grant]), at=place)
                self.sql(
                    f"alter default privileges grant select on tables to {grant.role};"
                    f"alter default privileges grant usage on schemas to {grant.role}",
                    at=place,
                )
        if is_new:
            for role in (READER, WRITER):
                self.server.run(f"alter role {role} password '{ROLE_PASSWORD}'")

    def declare(self, tables: dict[str, dict[str, Any]], schema: str = "public", connection: str = "shop") -> None:
        """Watch tables of `shop`: what stands under meta.lookout for each table name."""
        declared = [
            {"name": name, "config": {"meta": {"lookout": {"connection": connection, **settings}}}}
            for name, settings in tables.items()
        ]
        content = {"version": 2, "sources": [{"name": "shop", "schema": schema, "tables": declared}]}
        (self.root / "models" / "sources.yml").write_text(yaml.safe_dump(content, sort_keys=False))

    def run(self, as_of: str, *, options: CollectOptions | None = None, **settings: Any) -> Any:
        """`lookout run --as-of` in this process, patient as ``options`` say; returns its RunSummary."""
        from lookout.project.workspace import open_workspace
        from lookout.render.progress import Narrator
        from lookout.runs.recording import new_run_id
        from lookout.runs.run import run_all

        workspace = open_workspace(self.root, as_of=as_of)
        if options is not None:
            workspace.home.options = options
        return run_all(workspace, Narrator(quiet=True), run_id=new_run_id(), **settings)

    def compile_contracts(self) -> None:
        """What `lookout contracts compile` writes."""
        from lookout.contracts.compile.file import compiled_file
        from lookout.project.workspace import open_workspace

        workspace = open_workspace(self.root)
        workspace.parse()
        file = compiled_file(self.root, workspace.home.manifest, workspace.home.profile.target)
        file.path.parent.mkdir(exist_ok=True)
        file.path.write_text(file.text, encoding="utf-8")

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A lookout command in a process of its own, as a user starts it."""
        return subprocess.run(
            [sys.executable, "-m", "lookout", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **environment},
            check=False,
        )

    def sql(
        self, statement: str, parameters: Sequence[Any] | None = None, *, at: str = "shop"
    ) -> list[tuple[Any, ...]]:
        """Run statements in `shop` or in `observed`; returns the rows of the last one, if any."""
        handle = connect(self.shop if at == "shop" else self.warehouse)
        try:
            with handle, handle.cursor() as cursor:
                cursor.execute(statement, parameters)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            handle.close()

    def _dbt(self, *arguments: str) -> None:
        from dbt.cli.main import dbtRunner

        result = dbtRunner().invoke(
            [*arguments, "--project-dir", str(self.root), "--profiles-dir", str(self.root), "--quiet"]
        )
        assert result.success, result.exception


@pytest.fixture(scope="session")
def observed_project(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """The observed project, its monitoring schema built once and kept as a template database."""
    project = Observed(server, tmp_path_factory.mktemp("observed"))
    project.sql("create table seen (at timestamptz)")
    project.declare({"seen": {"timestamp_column": "at"}})
    project.run("2026-01-01")
    for table in [*LANDING_KEYS, "alerts"]:
        project.sql(f"truncate {MONITORING}.{table}", at="observed")
    server.run("drop database if exists observed_template")
    server.run("alter database observed rename to observed_template")
    return project


@pytest.fixture
def observed(observed_project: Observed) -> Observed:
    """The observed project with an empty `shop` and an empty monitoring schema."""
    observed_project.reset("observed_template")
    return observed_project


@dataclass(frozen=True)
class Said:
    """What a command left behind: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def lookout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """``lookout("run", "--as-of", "2026-01-01", cwd=folder)``: the console command in this process, as `main` runs it."""

    def run(*arguments: str, cwd: Path) -> Said:
        from lookout.cli.main import main

        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["lookout", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return Said(int(left.value.code or 0), out, err)

    return run
