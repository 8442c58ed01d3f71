"""Commands that only look into the monitoring schema neither parse the project nor import dbt's renderer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lookout.project import workspace as workspaces
from lookout.project.profiles import AskDbtError, QuickRenderer, dbt_renderer, load_profile
from tests.conftest import Observed

VALUES = [
    5432, True, None, "5432", "localhost", "{{ env_var('HOST') }}", "{{ env_var('PORT') }}",
    "{{ env_var('PORT') | as_number }}", "{{ env_var('PORT') | int }}", "{{ env_var('ON') | as_bool }}",
    "{{ env_var('NOT_SET', '5433') | as_number }}", "db-{{ env_var('HOST') }}.local", "{{ env_var('SECRET') }}",
    "it's {braces} and 100%", "", "{{ env_var('NOT_SET', '') }}", "[1, 2]", "{{ env_var('PORT') | as_native }}", "1_000",
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_what_is_rendered_quickly_is_what_dbt_renders(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"HOST": "a.example", "PORT": "5432", "ON": "True", "SECRET": "0123"}.items():
        monkeypatch.setenv(name, text)
    quick, slow = QuickRenderer().render_value(value), dbt_renderer().render_value(value)
    assert (quick, type(quick)) == (slow, type(slow))


@pytest.mark.parametrize(
    "value", ["{{ env_var('NOT_SET') }}", "{{ target.name }}", "{{ env_var('DBT_ENV_SECRET_X') }}", "{{ broken"]
)
def test_the_rest_is_left_to_dbt(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_X", "hidden")
    with pytest.raises(AskDbtError):
        QuickRenderer().render_data({"host": value})


def test_a_password_that_is_no_template_is_taken_as_it_is(tmp_path: Path) -> None:
    """As dbt does, in every output, not only in the one that is asked for."""
    output = {"type": "postgres", "host": "h", "user": "u", "dbname": "d", "password": "{{ half"}
    profile = {"mine": {"target": "a", "outputs": {"a": {**output, "password": "x"}, "b": output}}}
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profile))
    assert load_profile(tmp_path, "mine").outputs["b"].parameters["password"] == "{{ half"


def test_listing_alerts_imports_no_dbt_core(observed: Observed) -> None:
    """After one run: the schema is remembered, so nothing is parsed; a changed project asks dbt again."""
    observed.sql("create table seen (at timestamptz)")
    observed.declare({"seen": {"timestamp_column": "at"}})
    observed.run("2026-03-01")
    code = (
        "import sys; from lookout.cli.main import main\n"
        "try: main()\n"
        "finally: print('dbt.cli.main' in sys.modules, 'dbt.config' in sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "alerts", "list", "--profiles-dir", str(observed.root)]
    done = subprocess.run(
        command,
        cwd=observed.root,
        env={**os.environ, "PYTHONPATH": str(Path.cwd() / "python_checks")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "False False"), done.stderr
    there = workspaces.open_workspace(observed.root, profiles_dir=observed.root)
    there.locate()
    assert (there.home.schema, there.home.manifest) == ("monitoring", {})
    settings = observed.root / "dbt_project.yml"
    before = settings.read_text()
    try:
        settings.write_text(before + "\n# something else\n")
        changed = workspaces.open_workspace(observed.root, profiles_dir=observed.root)
        changed.locate()
        assert changed.home.manifest
    finally:
        settings.write_text(before)
