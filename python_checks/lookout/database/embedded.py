"""The embedded PostgreSQL: a real server from a PyPI wheel, for people who have none at hand.

It listens on a Unix socket in a folder that is closed to other users, and nowhere else; who connects is asked of the
operating system. The wheel's own start opens folders to everyone, so only its programs are used.
"""

from __future__ import annotations

import difflib
import os
import shlex
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import yaml
from psycopg2 import sql

from lookout.database.cluster.account import Account, server_account
from lookout.database.cluster.data import Programs, find_programs, locate_data, prepare_data, start_error
from lookout.database.cluster.folders import PRIVATE, SOCKET, SOCKET_FOLDER, is_private, socket_folder, write_access
from lookout.database.cluster.processes import Running, end_leftovers, running_server, stop_server
from lookout.database.connection import Connection, connect
from lookout.database.limits import CONNECT_TIMEOUT, TCP_PARAMETERS
from lookout.errors import ConfigError, SourceError

DATABASES = ("warehouse", "batch_analytics", "cdc_history")
# Of a new server; they are in its postgresql.conf, for people to change.
SETTINGS = {
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "work_mem": "64MB",
    "jit": "off",
}
# Of every server. Earlier versions set synchronous_commit off, and a killed server lost what it had just committed.
FIXED_SETTINGS = {"listen_addresses": "", "port": "5432", "unix_socket_permissions": "0700", "synchronous_commit": "on"}
# A killed server first reads what was written since its last checkpoint.
RECOVERY_SECONDS = 120
LOCK_SECONDS = 300
ANSWER_SECONDS = 10


def state_directory(project: Path) -> Path:
    """Return the folder of Lookout's state for a project: LOOKOUT_HOME, or ``.lookout`` in the project."""
    return Path(os.environ.get("LOOKOUT_HOME") or project / ".lookout").resolve()


@dataclass(frozen=True)
class EmbeddedServer:
    """A PostgreSQL server whose data lives in ``home/pgdata``, or where a link of that name leads."""

    home: Path

    @property
    def data(self) -> Path:
        """Return the data directory."""
        return (self.home / "pgdata").resolve()

    @property
    def elsewhere(self) -> str:
        """Return a sentence on where the data is when it is not in ``home``; empty when it is."""
        if self.data.parent == self.home:
            return ""
        return f"The data of the embedded PostgreSQL is in {self.data}: the server's user may not enter {self.home}."

    def start(self) -> EmbeddedServer:
        """Start the server unless it runs; the first start creates it. Raises ConfigError when it does not start."""
        try:
            # Under root, the server's user has to get through.
            self.home.mkdir(mode=0o700 if os.geteuid() else 0o711, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"There is no folder {self.home} for the embedded PostgreSQL and none can be made ({error.strerror}): "
                "set LOOKOUT_HOME to one that can be written."
            ) from error
        try:
            deadline = time.monotonic() + ANSWER_SECONDS
            while True:
                with self._start_lock():
                    self._ensure_running()
                try:
                    connect(self.connection("postgres")).close()
                    return self
                except (SourceError, ConfigError):
                    # It may just have been killed.
                    if time.monotonic() > deadline:
                        raise
                time.sleep(0.1)
        except PermissionError as error:
            raise ConfigError(
                f"This user may not use {error.filename or self.home} for the embedded PostgreSQL: run Lookout as its "
                "owner, or set LOOKOUT_HOME to a folder of your own."
            ) from error
        except OSError as error:
            raise start_error(self.data, f"error: {error.filename or self.home}: {error.strerror or error}") from error

    def stop(self) -> bool:
        """Stop the server; False when it was not running."""
        running = running_server(self.data)
        if running is None or not stop_server(self.data):
            return False
        folder = Path(running.socket_folder)
        if folder.name.startswith(SOCKET_FOLDER):
            with suppress(OSError):
                folder.rmdir()
        return True

    def remove(self) -> None:
        """Stop the server of a temporary folder, and remove what it has outside of that folder."""
        self.stop()
        if self.data.parent.parent == PRIVATE:
            shutil.rmtree(self.data.parent, ignore_errors=True)

    def socket_directory(self) -> Path | None:
        """Return the folder of the server's socket; None when the server does not run."""
        running = running_server(self.data)
        folder = Path(running.socket_folder) if running and running.socket_folder else None
        return folder if folder and (folder / SOCKET).exists() else None

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
        except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError, yaml.YAMLError):
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
                "connect_timeout": CONNECT_TIMEOUT,
                "keepalives_idle": TCP_PARAMETERS["keepalives_idle"],
            }
            for name in databases
        }
        content = {profile: {"target": databases[0], "outputs": outputs}}
        text = "# Written by Lookout for its embedded PostgreSQL.\n" + yaml.safe_dump(content, sort_keys=False)
        file = self.home / "profiles.yml"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
        return self.home

    @contextmanager
    def _start_lock(self) -> Iterator[None]:
        """Let one process at a time start the server; the lock of a process that was killed is free."""
        # Installed with the embedded PostgreSQL.
        import fasteners  # type: ignore[import-untyped]

        file = self.home / "start.lock"
        file.touch(mode=0o600)
        if os.geteuid() == 0:
            # So that root's visit leaves the project to its owner.
            os.chown(file, self.home.stat().st_uid, self.home.stat().st_gid, follow_symlinks=False)
        lock = fasteners.InterProcessLock(file)
        if not lock.acquire(timeout=LOCK_SECONDS):
            raise ConfigError(
                f"Another process has been starting the embedded PostgreSQL in {self.home} for {LOCK_SECONDS} s: look "
                "for it, end it, and start again."
            )
        try:
            yield
        finally:
            lock.release()

    def _ensure_running(self) -> None:
        self._close_home()
        account = server_account(self.data)
        running = self._settled()
        if running is not None:
            if not running.addresses and is_private(Path(running.socket_folder), account) and self.socket_directory():
                if write_access(self.data, account):
                    running.process.send_signal(signal.SIGHUP)
                return
            # Started by an earlier version or by hand, or its socket is gone.
            self.stop()
        data = locate_data(self.home, account)
        programs = find_programs(data.parent, account)
        prepare_data(data, account, programs, SETTINGS)
        folder = socket_folder(data, account)
        end_leftovers(data, folder)
        write_access(data, account)
        self._run(data, folder, account, programs)

    def _close_home(self) -> None:
        # Who can write here could put a server of theirs in the place of this one.
        found = self.home.stat()
        if found.st_uid == os.geteuid() and found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
            self.home.chmod(stat.S_IMODE(found.st_mode) & ~0o022)

    def _settled(self) -> Running | None:
        """Return the running server once it is ready; None when there is none, or it has just stopped."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while (running := running_server(self.data)) is not None and running.status != "ready":
            if time.monotonic() > deadline:
                raise self._still_recovering()
            time.sleep(0.05)
        return running

    def _still_recovering(self) -> ConfigError:
        return ConfigError(
            f"The embedded PostgreSQL in {self.data} is still putting its data in order after {RECOVERY_SECONDS} s: "
            f"wait a little and try again; its log is {self.data / 'log'}."
        )

    def _run(self, data: Path, folder: Path, account: Account, programs: Programs) -> None:
        settings = {**FIXED_SETTINGS, "unix_socket_directories": str(folder)}
        options = shlex.join(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        # Without -D and -l, no path goes through a shell unquoted.
        command: list[str | Path] = [programs.folder / "pg_ctl", "-w", "-t", str(RECOVERY_SECONDS)]
        command += ["-o", options, "start"]
        log = data / "log"
        with os.fdopen(os.open(log, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600), "rb+") as output:
            account.own(log)
            begin = output.seek(0, os.SEEK_END)
            done = account.run(command, output=output, PGDATA=str(data))
            if done.returncode == 0:
                return
            if running_server(data) is not None:
                raise self._still_recovering()
            output.seek(begin)
            raise start_error(data, output.read().decode("utf-8", "replace"))
