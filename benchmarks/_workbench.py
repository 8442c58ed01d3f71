"""What benchmarks work on: a PostgreSQL in a temporary folder, and a dbt project with Lookout as its package."""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import yaml
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extensions import parse_dsn

from lookout.database.connection import Connection
from lookout.database.embedded import EmbeddedServer
from lookout.project.workspace import Workspace, open_workspace

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 7, 1, tzinfo=timezone.utc)


@contextmanager
def server() -> Iterator[tuple[EmbeddedServer, Path]]:
    """A running server and a folder for projects; both are gone afterwards."""
    # Short, because a socket's path may not be long.
    home = Path(tempfile.mkdtemp(prefix="lookout-"))
    home.chmod(0o755)
    running = EmbeddedServer(home / "server").start()
    try:
        yield running, home
    finally:
        running.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def database(url: str | None) -> Iterator[Connection]:
    """A database to measure in: the one that a URL names, else one of a server of its own."""
    if url:
        yield Connection("benchmark", parse_dsn(url))
        return
    with server() as (running, _):
        yield running.create_database("benchmark")


def project(running: EmbeddedServer, root: Path, *, as_of: datetime = NOW) -> Workspace:
    """An empty dbt project with Lookout as its package, and a database of its own."""
    (root / "models").mkdir(parents=True)
    database = running.create_database(root.name)
    output = {"type": "postgres", "schema": "public", "threads": 1, "password": "", **database.parameters}
    (root / "profiles.yml").write_text(yaml.safe_dump({"bench": {"target": "bench", "outputs": {"bench": output}}}))
    (root / "dbt_project.yml").write_text("name: bench\nversion: 1.0.0\nprofile: bench\nmodel-paths: [models]\n")
    (root / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(ROOT)}]}))
    from dbt.cli.main import dbtRunner

    dbtRunner().invoke(["deps", "--project-dir", str(root), "--profiles-dir", str(root), "--quiet"])
    workspace = open_workspace(root, as_of=as_of)
    workspace.parse()
    return workspace


def fill_table(cursor: Cursor, name: str, rows: int, *, until: datetime, days: int) -> None:
    """A table of seven columns of common types, its rows evenly over so many days; there is no index."""
    statement = sql.SQL(
        """
        create table {} as
        select
            %(until)s - interval '1 day' * %(days)s + n * (interval '1 day' * %(days)s) / %(rows)s as at,
            n as id,
            (n * 7919 %% 100003)::numeric(12, 2) as amount,
            (n * 31 %% 977)::integer as quantity,
            random() as price,
            case when n %% 17 <> 0 then 'state ' || n %% 5 end as state,
            md5(n::text) as note
        from generate_series(1::bigint, %(rows)s) as n
        """
    )
    cursor.execute(statement.format(sql.Identifier(name)), {"until": until, "days": days, "rows": rows})


def cpu_seconds(command: Sequence[str | Path], root: Path) -> float:
    """User and system seconds of a command and its children; alerts (exit code 1) are no failure."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
