"""The built wheel in an environment of its own: it carries the dbt project, and writes nothing beside its code."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Read before the tests, whose environment knows no LOOKOUT_ variable.
ENVIRONMENT = Path(os.environ.get("LOOKOUT_WHEEL_ENVIRONMENT", "nowhere"))
BUILD = """
from pathlib import Path
from lookout.database.embedded import EmbeddedServer
from lookout.project.dbt import Project
from lookout.project.own import own_project

home = Path.cwd()
server = EmbeddedServer(home / ".lookout").start()
server.create_database("warehouse")
profiles = server.write_profile("lookout", ("warehouse",))
project = Project(own_project(), profiles, target_path=home / "target", log_path=home / "logs")
manifest = project.parse()
done = project.build(["run", "--select", "tag:lookout_landing", "+fqn:lookout.monitoring.alerts.alerts"])
server.stop()
print(own_project().relative_to(Path(own_project()).parent.parent), len(manifest["nodes"]) > 60, done.success, done.failures)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    # A short path, for the server's socket, and one that the server's account may enter.
    with tempfile.TemporaryDirectory(prefix="lookout-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def call(program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment; whatever would ask the network gets no answer."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(ENVIRONMENT / "bin" / program), *arguments],
        cwd=cwd,
        env={**kept, **nowhere, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def installed() -> dict[str, int]:
    """Return the files of the installed package with their times."""
    (package,) = ENVIRONMENT.glob("lib/python*/site-packages/lookout")
    return {str(path): path.stat().st_mtime_ns for path in package.rglob("*") if "__pycache__" not in path.parts}


def test_doctor_in_an_empty_folder_finds_its_project_starts_nothing_and_says_what_to_do(home: Path) -> None:
    before = installed()
    assert any(name.endswith("lookout/dbt_project/dbt_project.yml") for name in before)
    assert any(name.endswith("dbt_project/models/monitoring/alerts/alerts.sql") for name in before)
    done = call("lookout", "doctor", cwd=home)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "with its dbt project in " in done.stdout
    assert "site-packages/lookout/dbt_project" in done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith(f"FAIL watched: nothing is watched in {home}")
    assert "lookout init" in last
    assert list(home.iterdir()) == []
    assert installed() == before


def test_its_dbt_project_is_built_from_a_home_and_nothing_is_written_beside_the_code(home: Path) -> None:
    before = installed()
    done = call("python", "-c", BUILD, cwd=home)
    assert done.stdout.strip() == "lookout/dbt_project True True ()", done.stdout + done.stderr
    assert (home / "target" / "manifest.json").is_file()
    assert installed() == before


def test_users_import_the_products_name(home: Path) -> None:
    done = call("python", "-c", "from lookout import track, Pipeline; print(track.__module__)", cwd=home)
    assert done.stdout.strip() == "lookout.tracking.sdk.track", done.stderr
    assert call("python", "-m", "lookout", "--version", cwd=home).stdout.startswith("lookout ")
    old = call("python", "-c", "from python_checks.track import track", cwd=home)
    assert (old.returncode, len(old.stderr.strip().splitlines())) == (0, 1), old.stderr
