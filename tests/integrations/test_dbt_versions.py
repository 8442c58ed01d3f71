"""Lookout inside a project that runs another version of dbt than the one that Lookout pins."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

# Read before the tests, whose environment knows no LOOKOUT_ variable.
ENVIRONMENT = Path(os.environ.get("LOOKOUT_DBT_ENVIRONMENT", "nowhere"))
VERSION = os.environ.get("LOOKOUT_DBT_VERSION", "")
ORDERS = """
{{ config(materialized='table', meta={'lookout': {'timestamp_column': 'at', 'metrics': ['row_count']}}) }}
select days.day + interval '5 hours' as at
from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as days (day)
cross join lateral generate_series(1, case when days.day < timestamptz '2026-03-01Z' then 200 else 40 end)
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """A project of one model, on the embedded server, with Lookout installed as a package."""
    # A short path, for the server's socket, and one that the server's account may enter.
    with tempfile.TemporaryDirectory(prefix="lookout-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "models").mkdir()
        (root / "models" / "orders.sql").write_text(ORDERS)
        (root / "dbt_project.yml").write_text("name: shop\nversion: 1.0.0\nprofile: shop\nmodel-paths: [models]\n")
        (root / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(ROOT)}]}))
        yield root
        call(root, "lookout", "db", "stop")


def call(root: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ENVIRONMENT / "bin" / program), *arguments],
        cwd=root,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_a_project_is_watched_and_the_bad_day_is_an_alert(project: Path) -> None:
    assert VERSION in call(project, "dbt", "--version").stdout
    assert call(project, "lookout", "db", "start").returncode == 0
    deps = call(project, "dbt", "deps", "--profiles-dir", ".lookout")
    assert deps.returncode == 0, deps.stdout
    done = call(project, "lookout", "run", "--as-of", "2026-03-02")
    assert done.returncode == 1, done.stdout + done.stderr
    listed = call(project, "lookout", "alerts", "list")
    assert "row_count was 40" in " ".join(listed.stdout.split()), listed.stdout


def test_plain_dbt_builds_it_too(project: Path) -> None:
    built = call(project, "dbt", "build", "--profiles-dir", ".lookout", "--select", "orders")
    assert built.returncode == 0, built.stdout
