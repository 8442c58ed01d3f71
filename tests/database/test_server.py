"""The embedded PostgreSQL: what `lookout db` starts, tells, stops and starts again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import yaml

from lookout.database.connection import connect
from lookout.database.embedded import DATABASES, EmbeddedServer, state_directory
from lookout.errors import ConfigError
from lookout.project.workspace import open_workspace, start_embedded
from tests.conftest import Said
from tests.database.servers import ask

Lookout = Callable[..., Said]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project in a folder whose name is long, has spaces and is no ASCII."""
    root = tmp_path_factory.mktemp("server") / ("a project with a long näme " + "x" * 80)
    root.mkdir()
    for folder in (root, *root.parents[:2]):
        folder.chmod(0o755)
    (root / "dbt_project.yml").write_text("name: mine\nversion: 1.0.0\nprofile: mine\n")
    yield root
    EmbeddedServer(state_directory(root)).remove()


def test_the_life_of_the_embedded_server(project: Path, lookout: Lookout) -> None:
    (project / "below").mkdir()
    stopped = lookout("db", "stop", cwd=project)
    assert (stopped.code, stopped.out, stopped.err) == (0, "it was not running\n", "")

    url = lookout("db", "url", cwd=project / "below")  # of the project that this folder is in
    assert (url.code, url.err) == (0, "")
    assert ask(url.out.strip(), "select current_database()") == [("warehouse",)]
    for database in DATABASES:
        found = lookout("db", "url", database, cwd=project).out.strip()
        assert ask(found, "select current_database()") == [(database,)]
    ask(url.out.strip(), "create table kept (id int)")
    wrong = lookout("db", "url", "wharehouse", cwd=project)
    assert (wrong.code, wrong.out) == (2, "")
    assert "wharehouse" in wrong.err
    assert "did you mean 'warehouse'" in wrong.err

    for _ in range(2):
        started = lookout("db", "start", cwd=project)
        assert (started.code, started.err) == (0, "")
        assert str(project / ".lookout") in started.out
    profile = yaml.safe_load((project / ".lookout" / "profiles.yml").read_text())
    assert set(profile["mine"]["outputs"]) == {"warehouse"}, "the databases of the demo are the demo's"

    assert lookout("db", "stop", cwd=project).out == "stopped\n"
    assert lookout("db", "stop", cwd=project).out == "it was not running\n"
    with pytest.raises(psycopg2.OperationalError):
        ask(url.out.strip(), "select 1")
    with pytest.raises(ConfigError, match="is not running: start it with `lookout db start`"):
        EmbeddedServer(state_directory(project)).connection("warehouse")

    again = lookout("db", "url", cwd=project).out.strip()
    assert ask(again, "select count(*) from kept") == [(0,)]


def test_databases_that_a_caller_named_stay_in_the_profile(tmp_path: Path, lookout: Lookout) -> None:
    """The demo of a project that is not named lookout: later commands keep what it was given."""
    tmp_path.chmod(0o755)
    (tmp_path / "dbt_project.yml").write_text("name: theirs\nversion: 1.0.0\nprofile: theirs\n")
    folder = start_embedded(tmp_path, "theirs", DATABASES)
    try:
        assert lookout("db", "start", cwd=tmp_path).code == 0
        outputs = open_workspace(tmp_path, profiles_dir=folder).home.profile.outputs
        assert set(outputs) == set(DATABASES)
        for name in DATABASES:
            connect(outputs[name]).close()
        (folder / "profiles.yml").write_text("- no profile")
        assert list(open_workspace(tmp_path, profiles_dir=folder).home.profile.outputs) == ["warehouse"]
    finally:
        EmbeddedServer(folder).remove()


def test_it_outlives_the_process_that_started_it(project: Path) -> None:
    EmbeddedServer(state_directory(project)).stop()
    done = subprocess.run(
        [sys.executable, "-m", "lookout", "db", "url", "--project-dir", str(project)],
        capture_output=True,
        text=True,
        timeout=100,
        env=dict(os.environ),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ask(done.stdout.strip(), "select 1") == [(1,)]


def test_its_home_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert state_directory(tmp_path) == tmp_path / ".lookout"
    monkeypatch.setenv("LOOKOUT_HOME", str(tmp_path / "home"))
    assert state_directory(tmp_path / "anything") == tmp_path / "home"


def test_a_data_folder_that_is_broken(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "pgdata").mkdir()
    (tmp_path / "pgdata" / "PG_VERSION").write_text("18\n")
    (tmp_path / "pgdata" / "postmaster.opts").write_text("postgres\n")
    with pytest.raises(ConfigError, match=r"may not enter|did not start, its data is as it was: .*its log is"):
        EmbeddedServer(tmp_path).start()
    assert (tmp_path / "pgdata" / "postmaster.opts").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file"):
        EmbeddedServer(tmp_path / "file").start()


def test_without_any_profile_the_embedded_server_is_used(
    project: Path, lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project / "nobody"))
    said = lookout("doctor", cwd=project)
    assert "ok   profile: mine, target warehouse, from embedded PostgreSQL" in said.out
    assert said.out.count("ok   connection warehouse") >= 2
