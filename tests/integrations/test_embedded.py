"""The embedded PostgreSQL, killed at any moment of its first start and of its life; the demo of root in a closed folder."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from lookout.database.cluster.processes import running_server
from lookout.database.embedded import EmbeddedServer
from tests.conftest import ROOT
from tests.database.servers import START, ask, kill, modes, needs_root, open_folder

ROUNDS = 12


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can enter."""
    made = open_folder()
    yield made
    for home in made.glob("*"):
        EmbeddedServer(home).remove()
    shutil.rmtree(made)


@pytest.mark.parametrize("whole_group", [False, True], ids=["only the starter", "with its children"])
def test_killed_during_the_first_start(folder: Path, whole_group: bool) -> None:
    chance = random.Random(7 + whole_group)
    for number in range(ROUNDS):
        home = folder / f"home{number}"
        starter = subprocess.Popen([sys.executable, "-c", START, str(home)], start_new_session=True)
        time.sleep(chance.uniform(0.2, 2.5))
        if whole_group:
            os.killpg(starter.pid, signal.SIGKILL)
        else:
            starter.kill()
        starter.wait()
        server = EmbeddedServer(home).start()
        ask(server.url("postgres"), "create table kept as select 1 as id")
        assert server.start().socket_directory() is not None
        assert ask(server.url("postgres"), "select id from kept") == [(1,)]
        assert not list(home.glob("*unfinished-*"))
        server.remove()


def test_killed_while_rows_are_committed(folder: Path) -> None:
    chance = random.Random(11)
    server = EmbeddedServer(folder / "home").start()
    ask(server.url("postgres"), "create table kept (id int)")
    committed: list[int] = []

    def write(url: str) -> None:
        handle = psycopg2.connect(url)
        try:
            while True:
                with handle, handle.cursor() as cursor:
                    cursor.execute("insert into kept values (%s)", (len(committed) + 1,))
                committed.append(len(committed) + 1)
        except psycopg2.Error:
            return

    for number in range(ROUNDS):
        writer = threading.Thread(target=write, args=(server.url("postgres"),))
        writer.start()
        time.sleep(chance.uniform(0.05, 0.6))
        kill(server)
        if number % 3 == 0:
            # Killed once more while it recovers.
            starter = subprocess.Popen([sys.executable, "-c", START, str(server.home)])
            time.sleep(chance.uniform(0.2, 0.6))
            running = running_server(server.data)
            if running is not None:
                os.kill(running.process.pid, signal.SIGKILL)
            starter.kill()
            starter.wait()
        server.start()
        writer.join()
        found = {row[0] for row in ask(server.url("postgres"), "select id from kept")}
        assert set(committed) <= found, f"round {number}"


def test_many_first_starts_at_the_same_moment(folder: Path) -> None:
    command = [sys.executable, "-c", f"{START}; print(Server(Path(sys.argv[1])).url('postgres'))", str(folder / "home")]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    said = {starter.communicate(timeout=200) for starter in starters}
    assert len(said) == 1
    (url, errors) = said.pop()
    assert errors == ""
    assert ask(url.strip(), "select 1") == [(1,)]


@needs_root
def test_the_demo_of_root_below_a_closed_folder(folder: Path) -> None:
    folder.chmod(0o700)
    clone = folder / "clone"
    clone.mkdir()
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD"], stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(clone)], input=archive, check=True)
    before = modes(clone)
    command = [sys.executable, "-m", "lookout", "demo"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python_checks")}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    server = EmbeddedServer(clone / ".lookout")
    try:
        assert done.returncode in (0, 1), done.stdout + done.stderr
        assert f"PostgreSQL in {server.data}" in done.stdout + done.stderr
        assert modes(clone) == before
        assert ask(server.url("warehouse"), "select count(*) > 0 from monitoring.alerts") == [(True,)]
        assert (clone / "reports" / "index.html").exists()
    finally:
        server.remove()
